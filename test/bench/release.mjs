// What a release costs: it is to depend on what goes, and not on what there is. A service with ten dependents is released and
// built again, in a container of 100 services and in one of 10 000. The two take turns, and the ratio of the medians is
// printed. It fails when the large one takes more than twice as long.
//
//   npm run build && node test/bench/release.mjs
import { createContainer, singleton, token } from "../../dist/index.js";
import { release } from "../../dist/features/reload.js";

const dependents = 10;
const rounds = 41;
const perRound = 200;

function world(count) {
  const target = token("target");
  const users = Array.from({ length: dependents }, (_, at) => token(`user ${at}`));
  const others = Array.from({ length: count - dependents - 1 }, (_, at) => token(`other ${at}`));
  const undone = { count: 0 };
  const dispose = (it) => {
    it.isGone = true;
    undone.count++;
  };
  const app = createContainer(
    singleton(target, () => ({}), { dispose }),
    users.map((it) => singleton(it, [target], (on) => ({ on }), { dispose })),
    // Each of the others has one dependent, as in a program.
    others.map((it, at) => singleton(it, at > 0 ? [others[at - 1]] : [], () => ({}), { dispose })),
  );
  for (const it of others) app.get(it);
  return { app, target, users, undone };
}

/** Microseconds for one release and what is built again. */
function round({ app, target, users, undone }) {
  const before = undone.count;
  const { user, system } = process.cpuUsage();
  for (let i = 0; i < perRound; i++) {
    void release(app, target);
    for (const it of users) app.get(it);
  }
  const spent = process.cpuUsage({ user, system });
  // The first release of all finds nothing to dispose.
  if (undone.count - before < (dependents + 1) * (perRound - 1))
    throw new Error("something was not disposed");
  return (spent.user + spent.system) / perRound;
}

const median = (list) => list.toSorted((a, b) => a - b)[list.length >> 1];

const worlds = [100, 10_000].map((count) => ({ count, world: world(count), times: [] }));
for (let at = 0; at < rounds; at++) {
  for (const it of at % 2 ? worlds : worlds.toReversed()) {
    it.times.push(round(it.world));
    // The reports are promises.
    await new Promise((resolve) => setImmediate(resolve));
  }
}
const [small, large] = worlds.map(({ times }) => median(times.slice(5)));
console.log(`1 of    100: ${small.toFixed(1)} µs`);
console.log(`1 of 10 000: ${large.toFixed(1)} µs, ${(large / small).toFixed(2)} times as long`);
if (large > 2 * small) process.exitCode = 1;
