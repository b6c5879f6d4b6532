// What looking at a graph costs, as ratios to what was there before: explaining, drawing and listing 1 000 services to
// building them, and verifying 1 000 providers to registering them. Run it with `node test/bench/graph.mjs`, on a machine
// that does nothing else: it prints the medians of many rounds.
import { createContainer, singleton, token } from "../../dist/index.js";
import {
  explain,
  formatTree,
  graph,
  listBuilt,
  listProvided,
  toDot,
  toMermaid,
} from "../../dist/features/graph.js";
import { verify } from "../../dist/features/verify.js";

const size = 1_000;
const rounds = 100;

/** Each service depends on three others, as services of real programs do. */
function providers() {
  const tokens = Array.from({ length: size }, (_, at) => token(`service ${at}`));
  const dependencies = (at) => [at - 1, at >> 1, Math.floor(at / 3)].map((other) => tokens[other]);
  const make = (...services) => ({ services });
  const define = () =>
    tokens.map((it, at) =>
      singleton(it, at < 3 ? [] : [...new Set(dependencies(at))], make, { dispose: () => undefined }),
    );
  return { tokens, define };
}

function round() {
  const times = {};
  const timed = (name, fn) => {
    const since = performance.now();
    const result = fn();
    times[name] = performance.now() - since;
    return result;
  };
  const { tokens, define } = providers();
  const app = timed("register", () => createContainer(define()));
  timed("verify", () => verify(app));
  timed("build", () => tokens.forEach((it) => app.get(it)));
  const explained = timed("explain", () => explain(app));
  timed("tree", () => formatTree(explained));
  timed("lists", () => [listProvided(app), listBuilt(app)]);
  const nodes = timed("graph", () => graph(app));
  timed("diagrams", () => [toMermaid(nodes), toDot(nodes)]);
  return times;
}

const all = Array.from({ length: rounds }, round).slice(rounds / 4);
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const ratio = (of, to) =>
  median(
    all.map(
      (times) =>
        of.reduce((sum, name) => sum + times[name], 0) / to.reduce((sum, name) => sum + times[name], 0),
    ),
  );

const rows = [
  ["verify, to registering", ratio(["verify"], ["register"])],
  ["explain, to building", ratio(["explain"], ["build"])],
  ["formatTree, to building", ratio(["tree"], ["build"])],
  ["listProvided and listBuilt, to building", ratio(["lists"], ["build"])],
  ["explain, formatTree and the lists, to building", ratio(["explain", "tree", "lists"], ["build"])],
  [
    "explain, formatTree and the lists, to registering and building",
    ratio(["explain", "tree", "lists"], ["register", "build"]),
  ],
  ["graph, toMermaid and toDot, to building", ratio(["graph", "diagrams"], ["build"])],
];
for (const [name, value] of rows) console.log(`${value.toFixed(2).padStart(6)}  ${name}`);
console.log(
  "median times, ms:",
  Object.fromEntries(
    Object.keys(all[0]).map((name) => [name, Number(median(all.map((it) => it[name])).toFixed(3))]),
  ),
);
