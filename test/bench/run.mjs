/**
 * `npm run bench`: thimble and the containers people use today, on the same work, in one run, as ratios to hand-written
 * code. README.md beside this file explains the rows and the options.
 *
 * What is printed is the median, over the rounds, of the ratio within a round: what slows the machine down for a while
 * then slows down both sides of it.
 */

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { addressesOf, writeEntries, writePrograms } from "./programs.mjs";
import { handAwaited, stopAll, takeBytes, takeFresh, takeRounds, takeSteps } from "./sampling.mjs";
import { meets, table } from "./table.mjs";
import { rows } from "./workloads.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
const names = [
  "hand",
  "map",
  "thimble",
  "thimble-small",
  "ditox",
  "iti",
  "inferdi",
  "awilix",
  "inversify",
  "inversify-jit",
  "tsyringe",
  "needle-di",
  "brandi",
  "typed-inject",
];

/**
 * The builds of Thimble, with their entry points in `dist`. The second one is for a build that is older than the fast
 * one, and has only the one engine.
 */
const builds = { thimble: ["fast.js", "index.js"], "thimble-small": ["index.js"] };

/** Subjects that are the file of another one with something added, which the file reads from its own address. */
const variants = { "inversify-jit": { file: "inversify", query: { jitless: "false" } } };

const { values: options } = parseArgs({
  options: {
    only: { type: "string" },
    subjects: { type: "string" },
    rounds: { type: "string", default: "15" },
    node: { type: "string" },
    json: { type: "string" },
    against: { type: "string" },
  },
});
// Never without what the others are compared with.
const chosen = names.filter((name) => isChosen(options.subjects, name));
const needed = ["hand", "map"];
if (options.against !== undefined && !chosen.some((name) => builds[name])) needed.push("thimble");
const wanted = names.filter((name) => needed.includes(name) || chosen.includes(name));
const node = options.node ?? pinnedNode() ?? process.execPath;
const rounds = Number(options.rounds);
const chosenRows = rows.filter(
  ({ id }) => isChosen(options.only, id) || isChosen(options.only, id.replace(/[a-z]$/, "")),
);
if (chosenRows.length === 0) refuse(`no such row: ${options.only}`);
const dist = fileURLToPath(new URL("../../dist", import.meta.url));
const other = options.against === undefined ? undefined : await findOther(options.against);

installPeers();
const folder = await mkdtemp(join(tmpdir(), "thimble-bench-"));
try {
  await main();
} finally {
  stopAll();
  await rm(folder, { recursive: true, force: true });
}

async function main() {
  const subjects = await loadSubjects();
  const results = [];
  for (const row of chosenRows) {
    process.stderr.write(`${row.id} ${row.title} … `);
    const begin = performance.now();
    results.push(await measure(row, subjects));
    process.stderr.write(`${Math.round((performance.now() - begin) / 1000)} s\n`);
  }

  const report = {
    engine: execFileSync(node, ["-p", "`Node ${process.version}, V8 ${process.versions.v8}`"])
      .toString()
      .trim(),
    cpu: cpus()[0]?.model ?? "an unknown processor",
    peers: versions(),
    rounds,
    subjects: Object.entries(subjects).map(([name, { title }]) => ({ name, title })),
    builds: Object.keys(builds).filter((name) => subjects[name]),
    against: other,
    rows: results,
  };
  console.log(
    `\n${report.engine} on ${report.cpu}, ${rounds} rounds. CPU time as a ratio to hand-written code (= 1).\n`,
  );
  console.log(table(report));
  if (options.json) await writeFile(options.json, `${JSON.stringify(report, undefined, 2)}\n`);

  // A missed aim is for people to weigh. A wrong result, or a subject that is not there, is a fault.
  const wrong = results.some((row) => Object.values(row.cells).some((it) => it.wrong));
  if (wrong || wanted.some((name) => !subjects[name])) process.exitCode = 1;
}

function isChosen(list, name) {
  return list === undefined || list.toLowerCase().split(",").includes(name.toLowerCase());
}

/** The modules of the subjects by name, each with the title of its column and the address that a process imports. */
async function loadSubjects() {
  const subjects = {};
  const load = async (name, { file = name, query = {}, title } = {}) => {
    const address = new URL(`./subjects/${file}.mjs`, import.meta.url);
    for (const [key, value] of Object.entries(query)) address.searchParams.set(key, value);
    try {
      const module = await import(address.href);
      subjects[name] = { ...module, title: title ?? module.title, address: address.href };
    } catch (error) {
      console.error(`${name} cannot be loaded: ${error.message}`);
    }
  };
  const loadBuild = (name, folder, entries, title) => {
    const build = pathToFileURL(entryOf(folder, entries)).href;
    return load(name, { file: "thimble", query: { build }, title });
  };
  for (const name of wanted) {
    if (!builds[name]) {
      await load(name, variants[name]);
      continue;
    }
    await loadBuild(name, dist, builds[name], name);
    if (other) await loadBuild(inOther(name), other.dist, builds[name], `${name} ${other.name}`);
  }
  return subjects;
}

/** What the same build of Thimble in the other folder is called. */
function inOther(name) {
  return `${name}-against`;
}

async function measure(row, subjects) {
  const cells = {};
  const able = {};
  for (const [name, subject] of Object.entries(subjects)) {
    const unsupported =
      subject.unsupported[row.id] ??
      (subject[row.work] ? undefined : (subject.unsupported[row.work] ?? row.otherwise));
    if (unsupported) cells[name] = { unsupported };
    else if (subject[row.work]) able[name] = subject;
    else throw new Error(`${name} neither has "${row.work}" nor says why not`);
  }

  const samples = await take(row, able);
  const reference = samples[row.reference ?? "hand"];
  if (reference?.wrong) throw new Error(`${row.id}: ${reference.wrong}`);

  for (const [name, { times, ...rest }] of Object.entries(samples)) {
    if (!times) {
      cells[name] = rest;
      continue;
    }
    cells[name] = { ...compare({ times }, reference), nanoseconds: median(times), ...rest };
  }
  if (cells[handAwaited]) cells.hand.awaited = cells[handAwaited].ratio;
  delete cells[handAwaited];
  delete cells.empty;

  const measured = Object.keys(builds).filter((name) => samples[name]);
  const eachOfOurs = (give) => Object.fromEntries(measured.map((name) => [name, give(name)]));
  const { id, title } = row;
  const result = {
    id,
    title,
    aims: eachOfOurs((name) => aimOf(row, name, cells)),
    atLeast: Boolean(row.steps),
    reference: reference.times && median(reference.times),
    cells,
    against: eachOfOurs((name) => samples[inOther(name)] && compare(samples[name], samples[inOther(name)])),
  };
  return { ...result, met: eachOfOurs((name) => meets(result, name)) };
}

/** What a row aims for with one of the builds: a number for both, one for each, or what the other one's number makes of it. */
function aimOf({ aim }, name, cells) {
  const ofThis = typeof aim === "object" ? aim[name] : aim;
  return typeof ofThis === "function" ? ofThis(cells) : ofThis;
}

/** Ours as a ratio to the other build; undefined when one of them has no number. */
function compare(ours, theirs) {
  if (ours.value !== undefined && theirs.value !== undefined) return { ratio: ours.value / theirs.value };
  if (!ours.times || !theirs.times) return undefined;
  const [low, ratio, high] = quartiles(ours.times.map((it, i) => it / theirs.times[i]));
  return { ratio, low, high };
}

async function take(row, subjects) {
  const able = Object.keys(subjects);
  const addresses = Object.fromEntries(Object.entries(subjects).map(([name, it]) => [name, it.address]));
  const how = { node, rounds: Math.ceil(rounds * (row.share ?? 1)), addresses };
  if (row.bytes) return takeBytes(row, able, how);
  if (row.steps) return takeSteps(row, able, how);
  if (row.reference === "empty")
    return takeFresh(row, listed(await writeEntries(folder, row, subjects)), how);
  if (!row.size) return takeRounds(row, able, how);

  const programs = await writePrograms(folder, row.size, subjects);
  if (!row.fresh) return takeRounds(row, able, { ...how, addresses: programs });
  // The container itself is imported beforehand and untimed: its own start-up is a row of its own.
  const modules = able.map((name) => [name, [programs[name], ...addressesOf(subjects[name])]]);
  return takeFresh(row, Object.fromEntries(modules), how);
}

function listed(addresses) {
  return Object.fromEntries(Object.entries(addresses).map(([name, it]) => [name, [it]]));
}

function quartiles(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return [0.25, 0.5, 0.75].map((part) => sorted[Math.round((sorted.length - 1) * part)]);
}

function median(numbers) {
  return quartiles(numbers)[1];
}

/** The engine this project pins, when it is installed: the one our numbers are about. */
function pinnedNode() {
  const path = fileURLToPath(new URL("../../node_modules/.bin/node", import.meta.url));
  return existsSync(path) ? path : undefined;
}

/** The first of the entry points that is there. */
function entryOf(folder, entries) {
  const paths = entries.map((it) => join(folder, it));
  return paths.find((it) => existsSync(it)) ?? paths[0];
}

/** The build in `folder`: of a whole copy of this project, or of its `dist` alone. */
async function findOther(folder) {
  const path = ["dist/index.js", "index.js"].map((it) => resolve(folder, it)).find((it) => existsSync(it));
  if (!path) refuse(`--against ${folder}: there is neither dist/index.js nor index.js in it`);
  const { createContainer } = await import(pathToFileURL(path).href);
  if (!createContainer) refuse(`--against ${folder}: ${path} exports no createContainer`);
  return { name: basename(resolve(folder).replace(/[/\\]dist$/, "")), dist: dirname(path) };
}

function refuse(why) {
  console.error(why);
  process.exit(2);
}

/** Installs the peers when they are missing, or are not the ones the lockfile names. */
function installPeers() {
  const installed = versions();
  const wanted = Object.entries(JSON.parse(readFileSync(join(here, "package.json"), "utf8")).dependencies);
  if (wanted.every(([name, version]) => installed[name] === version)) return;
  execFileSync("npm", ["ci"], { cwd: here, stdio: "inherit", shell: process.platform === "win32" });
}

function versions() {
  const { dependencies } = JSON.parse(readFileSync(join(here, "package.json"), "utf8"));
  return Object.fromEntries(
    Object.keys(dependencies).flatMap((name) => {
      const file = join(here, "node_modules", name, "package.json");
      return existsSync(file) ? [[name, JSON.parse(readFileSync(file, "utf8")).version]] : [];
    }),
  );
}
