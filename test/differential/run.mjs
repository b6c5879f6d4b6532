// Runs random programs on two builds, and compares everything that can be seen of them.
//
//   npm run build
//   node test/differential/run.mjs                            20 000 programs, from another seed each time
//   node test/differential/run.mjs --programs 1000000 --seed 7 --jobs 2
//   node test/differential/run.mjs --only 123456              one program: prints it, and its traces where they differ
//   node test/differential/run.mjs --only 123456 --trace      and the whole trace
//   node test/differential/run.mjs --other FOLDER             compares dist/ with a copy of dist/ that differs
//   node test/differential/run.mjs --dist FOLDER              the builds in that folder
//
// Needs a Node that takes TypeScript: the one in node_modules/.bin does.
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { parseArgs } from "node:util";
import { load } from "./load.mjs";
import { compare, describe, run, shrink } from "./compare.ts";
import { draw } from "./draw.ts";
import { install, unheard } from "./host.ts";
import { show } from "./program.ts";

const { values: options } = parseArgs({
  options: {
    programs: { type: "string", default: "20000" },
    seed: { type: "string" },
    jobs: { type: "string", default: "1" },
    only: { type: "string" },
    trace: { type: "boolean", default: false },
    other: { type: "string" },
    /** The folder of the builds, when it is not that of this repository. */
    dist: { type: "string" },
    /** How many differences are shown before it ends. */
    stop: { type: "string", default: "1" },
    /** The seconds that one program may take before it counts as one that hangs. */
    patience: { type: "string", default: "30" },
    shrink: { type: "string", default: "3000" },
    quiet: { type: "boolean", default: false },
  },
  args: isMainThread ? process.argv.slice(2) : workerData.args,
});

if (isMainThread) process.exitCode = await main();
else await work();

async function main() {
  if (options.only !== undefined) return one(Number(options.only));
  const seed = options.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(options.seed);
  const programs = Number(options.programs);
  const jobs = Number(options.jobs);
  console.log(`${programs} programs from seed ${seed}`);
  const began = performance.now();
  // Of each worker: the number of its program, counted from the seed.
  const places = new Int32Array(new SharedArrayBuffer(4 * jobs));
  let done = 0;
  let differences = 0;
  const workers = new Set();
  const start = (job, from) =>
    new Promise((end) => {
      const worker = new Worker(new URL(import.meta.url), {
        workerData: { args: process.argv.slice(2), job, jobs, from, seed, programs, places },
      });
      workers.add(worker);
      let last = -1;
      let since = performance.now();
      const watch = setInterval(() => {
        if (places[job] !== last) [last, since] = [places[job], performance.now()];
        else if (performance.now() - since > 1000 * Number(options.patience)) {
          differences++;
          console.log(`program ${seed + last} does not end`);
          finish(last + jobs);
        }
      }, 500);
      const finish = (next) => {
        clearInterval(watch);
        workers.delete(worker);
        void worker.terminate();
        const isOver = next === undefined || next >= programs || differences >= Number(options.stop);
        end(isOver ? undefined : start(job, next));
      };
      worker.on("message", (it) => {
        done += it.done;
        if (it.text) {
          differences++;
          console.log(it.text);
          if (differences >= Number(options.stop)) for (const each of workers) void each.terminate();
        }
        if (it.isOver) finish();
      });
      worker.on("error", (error) => {
        differences++;
        console.log(`program ${seed + places[job]} ended the process: ${error?.stack ?? error}`);
        finish(places[job] + jobs);
      });
      worker.on("exit", () => finish());
    });
  await Promise.all(Array.from({ length: jobs }, (_, job) => start(job, job)));
  const seconds = (performance.now() - began) / 1000;
  console.log(
    `${done} programs, ${differences} differences, ${seconds.toFixed(1)} s, ${Math.round(done / seconds)} a second`,
  );
  return differences > 0 ? 1 : 0;
}

async function one(seed) {
  const [a, b] = await load(options.other, options.dist);
  install();
  process.on("unhandledRejection", unheard);
  const program = draw(seed);
  let found = await compare(program, a, b);
  if (found) {
    found = await shrink(found, a, b, Number(options.shrink));
    console.log(describe(found, a, b));
  } else console.log(show(program));
  if (options.trace) {
    console.log("--- trace");
    console.log((found ? found.traces[0] : await run(program, a)).join("\n"));
  }
  return found ? 1 : 0;
}

async function work() {
  const { job, jobs, from, seed, programs, places } = workerData;
  const [a, b] = await load(options.other, options.dist);
  install();
  process.on("unhandledRejection", unheard);
  let done = 0;
  for (let at = from; at < programs; at += jobs) {
    places[job] = at;
    const found = await compare(draw(seed + at), a, b);
    done++;
    if (found) {
      const smaller = await shrink(found, a, b, Number(options.shrink));
      parentPort.postMessage({ done, text: options.quiet ? `seed ${seed + at}` : describe(smaller, a, b) });
      done = 0;
    } else if (done === 500) {
      parentPort.postMessage({ done });
      done = 0;
    }
  }
  parentPort.postMessage({ done, isOver: true });
}
