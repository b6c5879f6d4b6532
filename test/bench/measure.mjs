/**
 * One row of one subject, in a process of its own: checks the result, warms up, then times a round at each message
 * from run.mjs. `node --expose-gc measure.mjs <row> <address> <work> [length]`, where the address is that of the subject,
 * or for W5 of its program.
 *
 * A process each, because subjects that share one also share type feedback, garbage and the size of the heap. CPU time,
 * because other people's programs take turns on the same cores.
 */

import { resolveChain, rows } from "./workloads.mjs";

const [id, address, work, length] = process.argv.slice(2);
const row = rows.find((it) => it.id === id);

/** Where results go, so that nobody may conclude that nobody wants them. */
const sink = { last: undefined };

const cpu = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) * 1_000;
};

const isPromise = (it) => typeof it?.then === "function";

// A loop per shape of work: an `await` in the synchronous one would cost more than most of what it is to time.

function timeSync(op, n) {
  const begin = cpu();
  for (let i = 0; i < n; i++) sink.last = op(i);
  return cpu() - begin;
}

async function timeAsync(op, n) {
  const begin = cpu();
  for (let i = 0; i < n; i++) sink.last = await op(i);
  return cpu() - begin;
}

/** Things made beforehand are used up by the work, so they are made, untimed, by the dozen. */
async function timePrepared({ prepare, op }, awaited, n) {
  let spent = 0;
  for (let left = n; left > 0; left -= 32) {
    const batch = Array.from({ length: Math.min(32, left) }, prepare);
    const run = (i) => op(batch[i]);
    spent += awaited ? await timeAsync(run, batch.length) : timeSync(run, batch.length);
  }
  return spent;
}

async function speed(made) {
  const job = row.speed(made);
  const remark = await job.check();
  // What the check has left is made old now, like the sink below it: storing a young object into an old one costs more
  // than some of the work that is timed, and whether it comes to that would depend on who has filled the heap before.
  for (let i = 0; i < 3; i++) globalThis.gc();
  const first = job.op(job.prepare ? job.prepare() : 0);
  const awaited = isPromise(first);
  await first;

  const time = (n) => {
    if (job.prepare) return timePrepared(job, awaited, n);
    return awaited ? timeAsync(job.op, n) : timeSync(job.op, n);
  };

  // Twice as many each time, until a round is long beside the grain of the clock; then on for a while, because the
  // optimising compiler comes late to what is long or rarely called. Preparing may take much longer than the work.
  const enough = { cpu: 12e6, wall: 250 };
  let n = 1;
  let spent, wall;
  const warmUp = async () => {
    const begin = performance.now();
    spent = await time(n);
    wall = performance.now() - begin;
  };
  for (await warmUp(); spent < enough.cpu && wall < enough.wall; await warmUp()) n *= 2;
  for (const until = performance.now() + 250; performance.now() < until;) await warmUp();
  n = Math.max(1, Math.round(n * Math.min(enough.cpu / spent, enough.wall / wall)));

  const round = async () => process.send({ nanoseconds: (await time(n)) / n });
  process.on("message", () => void round());
  process.send({ ready: true, remark });
}

try {
  const subject = await import(address);
  const made = row.size ? subject.start : subject[work];
  if (row.steps) {
    resolveChain(made, Number(length));
    process.send({ held: true });
  } else if (row.bytes) {
    process.send({ value: row.bytes(made) });
  } else {
    await speed(made);
  }
} catch (error) {
  process.send({ wrong: String(error?.stack ?? error) });
}
