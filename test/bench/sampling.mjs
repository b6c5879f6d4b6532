/**
 * How the numbers are taken: every subject in a process of its own, and round robin, so that whatever else the machine
 * is doing falls on all alike.
 *
 * Each function gives, by subject, `{ times: [nanoseconds per round], remark? }`, `{ value }`, or `{ wrong: why }`.
 */

import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";

/** What hand-written code costs when it waits for every disposal, as a container must that cannot know. */
export const handAwaited = "hand, awaited";

/** All subjects stand ready and warm, then take turns. `addresses`: the module of each, for W5 its program. */
export async function takeRounds(row, names, { node, rounds, addresses }) {
  const jobs = names.map((name) => ({ label: name, args: [row.id, addresses[name], row.work] }));
  if (row.handToo && names.includes("hand"))
    jobs.push({ label: handAwaited, args: [row.id, addresses.hand, row.handToo] });

  const samples = {};
  const ready = [];
  for (const { label, args } of jobs) {
    const child = start(node, "measure.mjs", args);
    const { wrong, remark } = await child.next();
    samples[label] = wrong ? { wrong } : { times: [], remark };
    if (wrong) child.kill();
    else ready.push({ label, child });
  }
  for (let round = 0; round < rounds; round++) {
    for (const { label, child } of ready) {
      if (samples[label].wrong) continue;
      child.send("round");
      const { nanoseconds, wrong } = await child.next();
      if (wrong) samples[label] = { wrong };
      else samples[label].times.push(nanoseconds);
    }
  }
  for (const { child } of ready) child.kill();
  return samples;
}

/** A new process for every subject in every round. `modules`: what each is to import, timed first, then untimed. */
export async function takeFresh(row, modules, { node, rounds }) {
  const samples = Object.fromEntries(Object.keys(modules).map((name) => [name, { times: [] }]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, addresses] of Object.entries(modules)) {
      if (samples[name].wrong) continue;
      const child = start(node, "fresh.mjs", [row.id, ...addresses]);
      const { nanoseconds, wrong } = await child.next();
      child.kill();
      if (wrong) samples[name] = { wrong };
      else samples[name].times.push(nanoseconds);
    }
  }
  return samples;
}

export async function takeBytes(row, names, { node, addresses }) {
  const samples = {};
  for (const name of names) {
    const child = start(node, "measure.mjs", [row.id, addresses[name], row.work]);
    samples[name] = await child.next();
    child.kill();
  }
  return samples;
}

/** The last of the row's steps that held. That the first one does not hold is no limit but a mistake of ours. */
export async function takeSteps(row, names, { node, addresses }) {
  const samples = {};
  for (const name of names) {
    for (const step of row.steps) {
      const child = start(node, "measure.mjs", [row.id, addresses[name], row.work, String(step)]);
      const { held, wrong } = await child.next();
      child.kill();
      if (held) samples[name] = { value: step };
      else samples[name] ??= { wrong };
      if (!held) break;
    }
  }
  return samples;
}

const running = new Set();

export function stopAll() {
  for (const child of running) child.kill();
}

/** Starts a script of this folder. `next()` gives its next message; if it dies or dawdles, a message that says so. */
function start(node, script, args) {
  const child = fork(fileURLToPath(new URL(script, import.meta.url)), args, {
    execPath: node,
    // Helpers of the collector burn CPU time while they wait for each other, the more the busier the machine is.
    execArgv: ["--expose-gc", "--single-threaded-gc"],
    // As a server runs. Some containers check more, and keep more, outside of production.
    env: { ...process.env, NODE_ENV: "production" },
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  running.add(child);

  let receive;
  let ended;
  let complaint = "";
  const deliver = (message) => {
    if (message.wrong) ended = message = { wrong: firstLine(message.wrong) };
    receive?.(message);
  };
  child.stderr.on("data", (text) => (complaint += text));
  child.on("message", deliver);
  child.on("error", (error) => deliver({ wrong: String(error) }));
  child.on("close", (code, signal) => {
    running.delete(child);
    if (!ended) deliver({ wrong: complaint || `the process ended with ${signal ?? code}` });
  });

  return {
    kill: () => child.kill(),
    send: (message) => child.send(message, () => {}),
    async next() {
      if (ended) return ended;
      const message = new Promise((resolve) => (receive = resolve));
      const patience = setTimeout(() => deliver({ wrong: "Error: took longer than two minutes" }), 120_000);
      return message.finally(() => clearTimeout(patience));
    },
  };
}

/** The line that says what happened; stacks and the source around it do not fit into a table's foot. */
function firstLine(text) {
  const lines = text.split("\n").map((it) => it.trim());
  return (lines.find((it) => /^\w*Error\b/.test(it)) ?? lines.find(Boolean) ?? "no reason given").slice(
    0,
    160,
  );
}
