// npm test: everything that must hold before a change goes in, one step after the other, on whatever machine.
//
//   npm test                    all of it
//   npm test -- build node bun  the named steps only
//
// The output of a step is shown when it fails. At the end: what ran where, and `N passed, N failed` over all runtimes.
// A check that fails counts as one failure. With CI set, so does a runtime that cannot be reached.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";

const root = fileURLToPath(new URL("..", import.meta.url));
const bin = (name) => join(root, "node_modules/.bin", name);
const versionOf = (name) =>
  JSON.parse(readFileSync(join(root, "node_modules", name, "package.json"), "utf8")).version;
const minutes = 60_000;

const env = {
  ...process.env,
  // The Node from node_modules comes first: vitest and others want a newer one than this machine may have.
  PATH: join(root, "node_modules/.bin") + delimiter + process.env.PATH,
  NO_COLOR: "1",
  // No tool asks its maker for news.
  DENO_NO_UPDATE_CHECK: "1",
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_SEND_ERROR_REPORTS: "false",
  WRANGLER_HIDE_BANNER: "true",
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
};
delete env.FORCE_COLOR;

const checks = {
  setup: [bin("node"), "test/support/setup.mjs"],
  build: ["npm", "run", "build"],
  types: ["npm", "run", "check"],
  lint: ["npm", "run", "lint"],
  format: ["npm", "run", "format:check"],
};

const vitest = join(root, "node_modules/vitest/vitest.mjs");
const suites = [
  { name: "node", by: [bin("node"), vitest], project: "node" },
  { name: "node-small", by: [bin("node"), vitest], project: "node-small" },
  // The Node that runs npm, which is the oldest we support on the machines that matter.
  {
    name: "machine-node",
    by: [process.env.npm_node_execpath ?? process.execPath, "--import", "./test/support/node20.mjs", vitest],
    project: "node",
  },
  {
    name: "deno",
    by: [bin("deno"), "run", "-A", "npm:vitest"],
    project: "deno",
    needs: [bin("deno"), "--version"],
  },
  { name: "bun", by: [bin("bun"), "--bun", vitest], project: "bun", needs: [bin("bun"), "--version"] },
  {
    name: "workerd",
    by: [bin("node"), vitest],
    project: "workerd",
    needs: [bin("workerd"), "--version"],
    version: versionOf("workerd"),
  },
  {
    name: "chromium",
    by: [bin("node"), vitest],
    project: "browser",
    needs: [bin("node"), "test/support/chromium.mjs"],
  },
  { name: "happy-dom", by: [bin("node"), vitest], project: "dom" },
  {
    name: "tools",
    by: [bin("node"), vitest],
    project: "tools",
    limit: 15 * minutes,
    version: `node ${versionOf("node")}`,
  },
];

let running;

/** Runs a command to its end, or to its limit, and takes all that it says. Its whole process group ends with it. */
function run([command, ...args], limit = 5 * minutes) {
  return new Promise((resolve) => {
    let output = "";
    const child = spawn(command, args, { cwd: root, env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
    const kill = () => child.pid && process.kill(-child.pid, "SIGKILL");
    const timer = setTimeout(() => {
      output += `\nstill running after ${limit / 1000} s, so it was ended\n`;
      kill();
    }, limit);
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text) => (output += text));
    child.on("error", (error) => (output += error.message));
    child.on("close", (code) => {
      clearTimeout(timer);
      running = undefined;
      resolve({ ok: code === 0, output });
    });
    running = kill;
  });
}

for (const signal of ["SIGINT", "SIGTERM"]) {
  process.on(signal, () => {
    running?.();
    process.exit(1);
  });
}

const only = process.argv.slice(2);
const asked = (name) => only.length === 0 || only.includes(name);
const since = (start) => `${((Date.now() - start) / 1000).toFixed(1)} s`;

function say(mark, name, start, output) {
  console.log(`${mark} ${name} (${since(start)})`);
  const lines = stripVTControlCharacters(output).trimEnd().split("\n");
  // A tool gone wild may say ten thousand things; what went wrong is told last.
  if (lines.length > 500) lines.splice(50, lines.length - 500, "…");
  if (output) console.log(lines.map((line) => `  | ${line}`).join("\n") + "\n");
}

let failedChecks = 0;
for (const [name, command] of Object.entries(checks)) {
  if (!asked(name)) continue;
  const start = Date.now();
  const { ok, output } = await run(command);
  if (!ok) failedChecks++;
  say(ok ? "✓" : "✗", name, start, ok ? "" : output);
}

const rows = [];
const reports = mkdtempSync(join(tmpdir(), "thimble-test-"));
for (const { name, by, project, needs, limit, version = "" } of suites) {
  if (!asked(name)) continue;
  const start = Date.now();
  const reached = needs ? await run(needs) : { ok: true };
  if (!reached.ok || !existsSync(join(root, "dist/index.js"))) {
    const why = reached.ok ? "nothing was built" : reached.output;
    say("! SKIPPED", name, start, why);
    rows.push({
      name,
      version: "SKIPPED",
      tests: 0,
      passed: 0,
      failed: process.env.CI || reached.ok ? 1 : 0,
    });
    continue;
  }
  const file = join(reports, `${name}.json`);
  const { ok, output } = await run(
    [...by, "run", "--project", project, "--reporter=dot", "--reporter=json", `--outputFile=${file}`],
    limit,
  );
  const { skipped, ...counts } = tally(file, ok);
  rows.push({ name, version, ...counts });
  say(ok && !skipped ? "✓" : "✗", name, start, ok ? skipped : output);
}
rmSync(reports, { recursive: true });

/** A test that was skipped has not passed. A run that went wrong outside its tests has failed, whatever they say. */
function tally(file, ok) {
  if (!existsSync(file)) return { tests: 0, passed: 0, failed: 1, skipped: "" };
  const report = JSON.parse(readFileSync(file, "utf8"));
  const all = report.testResults.flatMap((result) => result.assertionResults);
  const version = all.find((test) => test.meta.version)?.meta.version;
  const skipped = all.filter((test) => !["passed", "failed"].includes(test.status));
  const { numTotalTests: tests, numPassedTests: passed } = report;
  return {
    ...(version && { version }),
    tests,
    passed,
    failed: Math.max(tests - passed, ok && tests > 0 ? 0 : 1),
    skipped: skipped.map((test) => `skipped: ${test.fullName}`).join("\n"),
  };
}

const sum = (key) => rows.reduce((total, row) => total + row[key], 0);
const table = [["runtime", "version", "tests", "passed", "failed"], ...rows.map(Object.values)].map((row) =>
  row.map(String),
);
const widths = table[0].map((_, i) => Math.max(...table.map((row) => row[i].length)));
console.log();
for (const row of table)
  console.log(row.map((cell, i) => (i < 2 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join(" | "));

const failed = sum("failed") + failedChecks;
console.log(`\n${sum("passed")} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
