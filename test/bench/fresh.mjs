/**
 * One measurement in a process that has done nothing before: importing a module and calling its `start`, if it has one.
 * `node fresh.mjs <row> <module> [modules to import first, untimed …]`. Imports nothing of its own, or that would be
 * warm.
 */

const [id, module, ...before] = process.argv.slice(2);
for (const it of before) await import(it);

const begin = process.cpuUsage();
const { start } = await import(module);
const result = await start?.();
const { user, system } = process.cpuUsage(begin);

if (start) {
  const { rows } = await import("./workloads.mjs");
  rows.find((it) => it.id === id).check(result);
}
process.send({ nanoseconds: (user + system) * 1_000 });
