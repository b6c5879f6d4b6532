/**
 * One measurement in a process that has done nothing before: importing a module and calling its `start`, if it has one.
 * `node fresh.mjs <module> [modules to import first, untimed …]`. Imports nothing of its own, or that would be warm.
 */

const [module, ...before] = process.argv.slice(2);
for (const it of before) await import(it);

const begin = process.cpuUsage();
const { start } = await import(module);
const root = start?.();
const { user, system } = process.cpuUsage(begin);

const reachable = root && (await import("./workloads.mjs")).countReachable(root);
process.send({ nanoseconds: (user + system) * 1_000, reachable });
