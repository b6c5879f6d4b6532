/**
 * Breaks src/ on purpose, one way after the other, and sees whether test/model notices. Run by hand, and not in CI:
 *
 *     node test/model/mutants.mjs            all of them, some seconds each
 *     node test/model/mutants.mjs cleanup    those whose model, file or rule this matches
 *
 * Each break is made in a copy of src/ in a temporary folder and never in place, built there, and the models are run on
 * the result: first the one that should notice, then the others. It fails when a break survives, or when its text is
 * not in its file once: then src/ has changed, and the list below has to follow. It says so at the end.
 *
 * On 30 November 2026 each of these 69 was noticed: 67 of them in one run on the day's last src/, and the other two alone,
 * when their texts had followed it.
 */

import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";

const root = fileURLToPath(new URL("../..", import.meta.url));

/**
 * What should notice, in which file, which text or texts become which others, and the rule that is broken.
 *
 * @type {[string, string, string | string[], string | string[], string][]}
 */
const mutants = [
  // Lookup, one build, cycles, failures, shutdown
  [
    "program",
    "registry/registry.ts",
    "throw duplicate(scope, token);",
    "return;",
    "a token is provided once per scope",
  ],
  [
    "program",
    "building/resolve.ts",
    "new Build(definition, node.scope, dependent, node)",
    "new Build(definition, scope, dependent, node)",
    "what a singleton needs is resolved from the scope that registered it",
  ],
  [
    "program",
    "building/resolve.ts",
    "if (owner && owner.definition.lifetime < SCOPED &&",
    "if (owner && owner.definition.lifetime < 0 &&",
    "a singleton holds nothing that is scoped",
  ],
  [
    "program",
    "registry/registry.ts",
    "while (home && home.name !== options.in) home = home.parent;",
    "void 0;",
    "a scoped service lives in the scope that `in` names",
  ],
  [
    "program",
    "building/resolve.ts",
    "if (!encloses(origin.scope, home)) {",
    "if (false) {",
    "nothing outlives the scope that registered it",
  ],
  [
    "program",
    "combinators/optional.ts",
    "isProvided(scope, dependency, dependent) ? resolve",
    "true ? resolve",
    "optional means not provided",
  ],
  [
    "program",
    "combinators/all.ts",
    "if (node.scope === at && node.definition === it) here.push(node);",
    "if (node.definition) here.push(node);",
    "a shadowed provider does not count in all",
  ],
  [
    "program",
    "combinators/all.ts",
    "orderOf(a) - orderOf(b)",
    "orderOf(b) - orderOf(a)",
    "all goes by order",
  ],
  [
    "program",
    "combinators/all.ts",
    "(it) => !own || own.definition.lifetime === ALIAS || targetOf(scope, it) !== own,",
    "() => true,",
    "a composite gets the others",
  ],
  [
    "program",
    "combinators/parent.ts",
    "return parent && find(parent, token);",
    "return find(parent ?? scope, token);",
    "parent looks above",
  ],
  [
    "program",
    "scope/get.ts",
    "follow(scope);\n  if (scope.closing?.report) throw closed",
    "follow(scope);\n  if (false) throw closed",
    "a closed scope gives nothing",
  ],
  [
    "program",
    "building/resolve.ts",
    "else if (node.build) return join(node.build, dependent);",
    "else if (false) return join(node.build!, dependent);",
    "however many ask at once, it is built once",
  ],
  [
    "program",
    "building/resolve.ts",
    "if (way) throw circular(dependent, way);",
    "if (way && way.length > 3) throw circular(dependent, way);",
    "a cycle is reported, and never waited for",
  ],
  [
    "program",
    "building/resolve.ts",
    "throw circular(dependent!, [above]);",
    "break;",
    "a cycle of transients is reported",
  ],
  [
    "program",
    "building/waiting.ts",
    "build.failure ??= failure;",
    "build.failure ??= { error: new Error('another') };",
    "all of them get that same error",
  ],
  [
    "program",
    "shutdown/shutdown.ts",
    "for (const { edges } of all) for (const it of edges ?? []) if (all.has(it)) it.count!++;",
    "",
    "a service is disposed after everything that depends on it",
  ],
  [
    "program",
    "shutdown/shutdown.ts",
    "if (scope.child || scope.last || closing.left > 0 || closing.report) return;",
    "if (scope.last || closing.left > 0 || closing.report) return;",
    "children close first",
  ],
  [
    "program",
    "model/edges.ts",
    "addEdge(late, node);",
    "",
    "what was resolved late stays as long as whoever has it",
  ],
  [
    "program",
    "model/edges.ts",
    "if (route(node, isLate, ({ edges }) => edges)) return;",
    "",
    "late edges form no circle",
  ],
  [
    "program",
    "shutdown/shutdown.ts",
    "closing.controller?.abort();",
    "",
    "at the deadline the signal of every disposal aborts",
  ],
  [
    "program",
    "shutdown/shutdown.ts",
    "for (const tell of closing.refused ?? []) tell();",
    "",
    "a caller that is refused is told when the shutdown is over",
  ],
  [
    "program",
    "registry/registry.ts",
    'for (const name of ["as", "tags", "order", "default"] as const) place[name] ??= first[name];',
    "",
    "a replacement keeps the order of what it replaces",
  ],
  [
    "program",
    "registry/registry.ts",
    "if (all !== fresh) all.set(key, it);",
    "if (all !== fresh) { all.delete(key); all.set(key, it); }",
    "a replacement keeps the place of what it replaces",
  ],
  [
    "program",
    "building/resolve.ts",
    // Looked at before something is built, and again before its factory is called.
    [
      "} else if (node.scope.closing || node.state !== IDLE) throw closed",
      "if (scope.closing && isService) throw closed(scope, token, it.dependent);",
    ],
    ["} else if (node.state !== IDLE) throw closed", ""],
    "a scope that closes builds nothing new",
  ],
  // Ownership, transients that nobody received, cleanup
  [
    "ownership",
    "model/ownership.ts",
    "return (owner.value === value || madeBy(owner) === value) && !owner.scope.closing?.report;",
    "return owner.definition.options.owned !== undefined && madeBy(owner) === value;",
    "a borrowed value that a factory hands on is nobody's",
  ],
  [
    "ownership",
    "model/ownership.ts",
    "return (owner.value === value || madeBy(owner) === value) && !owner.scope.closing?.report;",
    "return true;",
    "ownership ends with disposal",
  ],
  [
    "ownership",
    "building/disposal.ts",
    "if (dispose !== undefined) return dispose;",
    "if (dispose !== undefined && !isForeign) return dispose;",
    "whoever hands on and says dispose disposes",
  ],
  [
    "ownership",
    "building/finish.ts",
    "const isOwn = made && definition.lifetime !== VALUE && (definition.options.dispose || !isOwned(made.value));",
    "const isOwn = made && definition.lifetime !== VALUE && definition.options.dispose;",
    "when init fails, the instance is disposed",
  ],
  [
    "ownership",
    "model/ownership.ts",
    "if (!owner || !(node.scope.closing?.expired || isOwnerOf(owner, value))) Owned.set",
    "Owned.set",
    "the object is disposed once, by its maker",
  ],
  [
    "ownership",
    "building/finish.ts",
    "if (phase < RUNNING) dropTransientsOf(build);\n  else dropAfter(build);",
    "if (phase >= RUNNING) dropAfter(build);",
    "a transient is disposed when a sibling has failed",
  ],
  [
    "ownership",
    "building/finish.ts",
    "if (phase < RUNNING) dropTransientsOf(build);\n  else dropAfter(build);",
    "dropTransientsOf(build);",
    "a transient that a factory received is its own",
  ],
  [
    "ownership",
    "building/finish.ts",
    "if (lifetime === TRANSIENT) void disposeUnreceived(definition, scope, own);",
    "",
    "a transient is disposed when whoever asked has given up",
  ],
  [
    "ownership",
    "building/finish.ts",
    "if (lifetime === ALIAS) dropTransientsOf(build);",
    "",
    "the transients in a list are disposed when whoever asked has given up",
  ],
  [
    "ownership",
    "building/finish.ts",
    "if (!isCached) void disposeUnreceived(definition, scope, own);",
    "",
    "a transient is disposed when its scope has begun to close",
  ],
  [
    "ownership",
    "building/finish.ts",
    "return dropFor(scope, definition.dependencies[0]!, new Build(definition, scope, dependent, node));",
    "return undefined;",
    "an unreceived transient is found behind its alias",
  ],
  [
    "ownership",
    "combinators/optional.ts",
    "isProvided(scope, dependency, dependent) ? dropFor(scope, dependency, dependent) : undefined,",
    "undefined,",
    "an unreceived transient is found behind optional",
  ],
  [
    "ownership",
    "combinators/all.ts",
    "drops.forEach((drop, at) => drop?.((services as unknown[])[at], by));",
    "{}",
    "unreceived transients are found in all",
  ],
  [
    "ownership",
    "combinators/cleanup.ts",
    "function run(steps: Step[], errors: unknown[] = []): unknown {\n  for (let step; (step = steps.pop());) {",
    "function run(steps: Step[], errors: unknown[] = []): unknown {\n  for (let step; (step = steps.shift());) {",
    "cleanup goes last first",
  ],
  [
    "ownership",
    "combinators/cleanup.ts",
    "if (isThenable(result)) {",
    "if (false) {",
    "each step of cleanup waits for the one before",
  ],
  [
    "ownership",
    "combinators/cleanup.ts",
    "if (dispose) steps!.push(dispose);",
    "if (dispose) steps!.unshift(dispose);",
    "cleanup comes after dispose",
  ],
  [
    "ownership",
    "building/finish.ts",
    "if (!isOwn && !cleanup) return false;",
    "if (!isOwn) return false;",
    "cleanup is undone when the factory fails",
  ],
  [
    "ownership",
    "combinators/cleanup.ts",
    "if (errors.length > 1)",
    "if (errors.length > 9)",
    "all errors of cleanup are in its row",
  ],
  [
    "ownership",
    "combinators/cleanup.ts",
    "const failed = (error: unknown): void => void errors.push(error);",
    "const failed = (): void => {};",
    "a step of cleanup that rejects is told",
  ],
  [
    "ownership",
    "building/disposal.ts",
    "if (closing?.expired) cleanup?.hurry?.();",
    "",
    "at the deadline cleanup waits for nothing",
  ],
  [
    "ownership",
    "building/disposal.ts",
    "if (isNews) reportUnheard(node, failure.error);",
    "",
    "what fails outside of a shutdown reaches the runtime",
  ],
  [
    "ownership",
    "building/finish.ts",
    "claim(node!, value);",
    "",
    "what is around a decorated instance belongs to its provider",
  ],
  [
    "ownership",
    "combinators/decorate.ts",
    "build.made = original;",
    "",
    "when a decorator fails, the original is undone",
  ],
  [
    "ownership",
    "model/ownership.ts",
    "return original ? original.value : value;",
    "return value;",
    "of a decorated instance, the original is disposed",
  ],
  [
    "ownership",
    "building/finish.ts",
    "const { originalOf = (it: unknown) => it } = definition.options;",
    "const originalOf = (it: unknown) => it;",
    "of a decorated transient that nobody received, the original is disposed",
  ],
  [
    "ownership",
    "building/disposal.ts",
    "owner.scope === scope && owner.definition === definition",
    "owner === node",
    "when init fails after the deadline, the instance is disposed",
  ],
  // Stopping
  [
    "stopping",
    "shutdown/stopping.ts",
    "const free = idle.filter((it) => !this.counts.has(it));",
    "const free = idle;",
    "dependents stop first",
  ],
  [
    "stopping",
    "shutdown/stopping.ts",
    "[...left, ...builds.map(dependentIn)]",
    "left",
    "what is being built is a dependent too",
  ],
  [
    "stopping",
    "shutdown/stopping.ts",
    "        all.add(other);\n        this.counts",
    "        this.counts",
    "dependents stop first, also across services without stop",
  ],
  [
    "stopping",
    "shutdown/stopping.ts",
    "const builds = this.expired ? [] : this.toFinish();",
    "const builds: Build[] = [];",
    "what is being built is waited for, and stopped",
  ],
  [
    "stopping",
    "registry/registry.ts",
    "options.dispose || options.stop ||",
    "options.dispose ||",
    "a value is stopped, whether or not anyone resolved it",
  ],
  [
    "stopping",
    "shutdown/shutdown.ts",
    "if (!stopping || stopping.isOver) closeAll",
    "if (true) closeAll",
    "nothing closes before everything has stopped",
  ],
  [
    "stopping",
    "shutdown/stopping.ts",
    "    } catch (error) {\n      failed(error);",
    "    } catch {\n      ended();",
    "a stop that throws is a row",
  ],
  [
    "stopping",
    "shutdown/stopping.ts",
    "Promise.resolve(result).then(() => ended(), failed);",
    "Promise.resolve(result).then(() => ended(), () => ended());",
    "a stop that rejects is a row",
  ],
  [
    "stopping",
    "shutdown/stopping.ts",
    "for (const it of this.inFlight) this.rows.push(abandoned(it));",
    "",
    "a stop that outlasts the deadline is a row",
  ],
  [
    "stopping",
    "shutdown/stopping.ts",
    "const signal = stop!.length === 1 ? undefined : signalIn(this, this.expired);",
    "const signal = signalIn(this);",
    "what is stopped at the deadline is given a signal that has aborted",
  ],
  [
    "stopping",
    "shutdown/stopping.ts",
    "result = runAs(undefined, () => stop!(value, signal as never, this.reason));",
    "result = runAs(undefined, () => stop!(value, signal as never, undefined));",
    "a stop is given the reason",
  ],
  [
    "stopping",
    "shutdown/shutdown.ts",
    "it.extras?.stopSignal?.controller?.abort(reason);",
    "{}",
    "stopSignal aborts when the scope begins to stop",
  ],
  [
    "stopping",
    "shutdown/shutdown.ts",
    "it.extras?.stopSignal?.controller?.abort(reason);",
    "{ it.extras?.stopSignal?.controller?.abort(reason); it.extras?.controller?.abort(reason); }",
    "abortSignal does not abort while the scope stops",
  ],
  [
    "stopping",
    "building/disposal.ts",
    "  return isStopped || (start && !isStarted) ? undefined : (stop as Stop | undefined);",
    "  return undefined;",
    "what is built after the deadline is stopped, too",
  ],
  [
    "stopping",
    "shutdown/shutdown.ts",
    "if (isWaitedFor(scope)) return Promise.resolve",
    "if (false) return Promise.resolve",
    "a shutdown from inside a stop does not wait for itself",
  ],
  [
    "stopping",
    "shutdown/stopping.ts",
    "if (isToStop(it)) found.push(it);",
    "if (scope === top && isToStop(it)) found.push(it);",
    "what lives below is stopped, too",
  ],
  // Contexts
  [
    "contexts",
    "building/waiting.ts",
    "if (other.dependent !== build) listen(waiter, other, goOn);",
    "",
    "each caller goes on in its own context",
  ],
  [
    "contexts",
    "building/waiting.ts",
    "if (waiter.reaction && !scope.closing) {",
    "if (!waiter) {",
    "nobody goes on inside the continuation of whoever settled it",
  ],
  [
    "contexts",
    "building/waiting.ts",
    "else if (other.phase < DONE) listen(waiter, other, goOn);",
    "",
    "whoever waits for several promises in a row goes on as well",
  ],
];

const [, , word = ""] = process.argv;
const chosen = mutants.filter((it) => [it[0], it[1], it[4]].some((part) => new RegExp(word).test(part)));
const exec = promisify(execFile);
const folder = await mkdtemp(join(tmpdir(), "thimble-mutants-"));
const inside = (path) => join(folder, path);

/** Each model and where it is. */
const files = {
  program: "test/model/model.test.ts",
  ownership: "test/model/ownership",
  stopping: "test/model/stopping",
  contexts: "test/contexts/model",
};

const config = `
export default {
  resolve: {
    alias: [
      { find: /^thimble$/, replacement: ${JSON.stringify(inside("dist/index.js"))} },
      { find: /^thimble\\/(.*)$/, replacement: ${JSON.stringify(inside("dist/features/$1.js"))} },
    ],
  },
  test: { include: ["test/{model,contexts/model}/**/*.test.ts"], bail: 1, setupFiles: [${JSON.stringify(inside("setup.mjs"))}] },
};
`;

async function prepare() {
  for (const path of ["src", "test/model", "test/contexts/model", "test/core/support", "package.json"])
    await cp(join(root, path), inside(path), { recursive: true });
  await symlink(join(root, "node_modules"), inside("node_modules"));
  await writeFile(inside("vitest.config.mjs"), config);
  // The smallest program that fails is of no interest here, and takes long to find.
  await writeFile(
    inside("setup.mjs"),
    'import fc from "fast-check"; fc.configureGlobal({ endOnFailure: true });',
  );
}

async function make() {
  await build({
    entryPoints: ["index.ts", "features/lifecycle.ts", "features/observe.ts", "features/reload.ts"].map(
      (it) => inside(`src/${it}`),
    ),
    outdir: inside("dist"),
    bundle: true,
    splitting: true,
    format: "esm",
    target: "es2022",
    logLevel: "silent",
  });
}

/** Whether a model says that something is wrong. One that does not end says so as well. */
async function fails(path) {
  const vitest = join(root, "node_modules/vitest/vitest.mjs");
  try {
    await exec(process.execPath, [vitest, "run", "--config", "vitest.config.mjs", path], {
      cwd: folder,
      timeout: 90_000,
      maxBuffer: 2 ** 28,
    });
    return false;
  } catch (error) {
    // A break may also end the process: what passes without a break exits with 0.
    if (error.killed || typeof error.code === "number") return true;
    throw error;
  }
}

async function notices(first) {
  if (await fails(files[first])) return first;
  for (const [name, path] of Object.entries(files)) if (name !== first && (await fails(path))) return name;
  return undefined;
}

await prepare();
await make();
if (!word) if (await fails("/model/")) throw new Error("something is wrong before anything is broken");
const bad = [];
try {
  for (const [first, file, text, replacement, rule] of chosen) {
    const path = inside(`src/core/${file}`);
    const source = await readFile(path, "utf8");
    const says = async () => {
      const replacements = [replacement].flat();
      let broken = source;
      for (const [at, it] of [text].flat().entries()) {
        if (source.split(it).length !== 2) return "NOT FOUND";
        broken = broken.replace(it, () => replacements[at]);
      }
      await writeFile(path, broken);
      try {
        await make();
        const by = await notices(first);
        return by ? `noticed by ${by}` : "SURVIVED";
      } catch (error) {
        return `NOT BUILT: ${error.message.split("\n")[0]}`;
      } finally {
        await writeFile(path, source);
      }
    };
    const result = await says();
    if (!result.startsWith("noticed")) bad.push(rule);
    console.log(`${result.padEnd(22)} ${rule} (${file})`);
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
console.log(`${chosen.length - bad.length} of ${chosen.length} noticed`);
if (bad.length > 0) process.exitCode = 1;
