/**
 * Breaks the small build on purpose, one way after the other, and sees how soon random programs notice. Run by hand, and
 * not in CI:
 *
 *     npm run build
 *     node test/differential/mutants.mjs            all of them
 *     node test/differential/mutants.mjs captive    those whose file or rule this matches
 *
 * Each break is made in a copy of dist/, and compared with dist/. It fails when a break survives as many programs, or when
 * its text is not in its file once: then src/ has changed, and the list below has to follow.
 */

import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** How many programs a break may survive. */
const programs = 10_000;

/**
 * In which file, which text becomes which other, and what is wrong then.
 *
 * @type {[string, string, string, string][]}
 */
const mutants = [
  // Order of disposal
  [
    "core/shutdown/shutdown.js",
    "for (const it of [...all].reverse()) if (it.count === 0) ready.push(it);",
    "for (const it of all) if (it.count === 0) ready.push(it);",
    "independent instances are disposed the youngest first, by counting",
  ],
  [
    "core/shutdown/shutdown.js",
    "for (let it; it = closing.ready?.pop(); ) {",
    "for (let it; it = closing.ready?.shift(); ) {",
    "of those that are free, the last one goes first",
  ],
  [
    "core/shutdown/shutdown.js",
    "if (extras?.hasLateEdges || extras?.child) startCounting(scope);",
    "if (extras?.child) startCounting(scope);",
    "late edges count",
  ],
  [
    "core/model/edges.js",
    "if (late.state) extrasOf(late.scope).hasLateEdges = true;",
    "",
    "a late edge is noted",
  ],
  [
    "core/building/finish.js",
    "if (edges) for (const it of edges) passEdgeOn(build, it);",
    "",
    "what receives a transient depends on what that depends on",
  ],
  [
    "core/building/resolve.js",
    "if (dependent && it !== PENDING) addEdge(dependentIn(dependent), node);",
    "if (dependent && it !== PENDING && node.state !== 1) addEdge(dependentIn(dependent), node);",
    "a dependent has an edge to what was built just before",
  ],
  [
    "core/shutdown/shutdown.js",
    "scope.last = last.previous;",
    "scope.last = last.previous?.previous ?? last.previous;",
    "every instance is disposed",
  ],
  [
    "core/model/edges.js",
    "node.previous = scope.last;",
    "node.previous = scope.last && scope.last.definition.options.dispose && node.definition.options.dispose === undefined ? scope.last.previous : scope.last;",
    "no instance is lost from the list",
  ],
  [
    "core/shutdown/shutdown.js",
    "fresh.reverse().forEach(proceed);",
    "fresh.forEach(proceed);",
    "lower scopes come first",
  ],
  // Disposal
  [
    "core/building/disposal.js",
    "isOption && dispose && dispose.length !== 1",
    "isOption && dispose && dispose.length > 1",
    "a disposer without declared parameters gets a signal",
  ],
  [
    "core/building/disposal.js",
    "const reason = closing?.reason;",
    "const reason = undefined;",
    "a disposer is given the reason",
  ],
  [
    "core/building/disposal.js",
    "if (isThenable(result)) {",
    "if (result instanceof Promise) {",
    "any thenable of a disposer is waited for",
  ],
  [
    "core/building/disposal.js",
    "return owner.scope === scope && owner.definition === definition && symbol;",
    "return symbol;",
    "what another provider owns is left alone",
  ],
  [
    "core/building/disposal.js",
    "Reflect.get(it, symbol) ?? Reflect.get(it, disposeSymbol())",
    "Reflect.get(it, symbol)",
    "an asyncDispose that is undefined falls back to dispose",
  ],
  [
    "core/building/disposal.js",
    "const symbol = isValue && !owned ? false : symbolIn(value, scope);",
    "const symbol = isValue ? false : symbolIn(value, scope);",
    "an owned value is disposed",
  ],
  ["core/building/disposal.js", "node.value = void 0;", "", "what was disposed has no value any more"],
  [
    "core/model/ownership.js",
    "if (!owner || !(node.scope.closing?.expired || isOwnerOf(owner, value))) Owned.set(value, node);",
    "if (!owner) Owned.set(value, node);",
    "a pool may lend an object again",
  ],
  [
    "core/building/finish.js",
    "if (phase < RUNNING) dropTransientsOf(build);\n  else dropAfter(build);",
    "dropAfter(build);",
    "a factory that is not called has its transients disposed",
  ],
  [
    "core/building/finish.js",
    "if (!isCached) void disposeUnreceived(definition, scope, own);",
    "",
    "a transient that is refused is disposed",
  ],
  [
    "core/building/finish.js",
    "if (lifetime === TRANSIENT) void disposeUnreceived(definition, scope, own);",
    "",
    "a transient that nobody waits for is disposed",
  ],
  ["core/building/resolve.js", "it.made = { value };", "", "an instance whose init fails is disposed"],
  // Rules
  [
    "core/building/resolve.js",
    "if (owner && owner.definition.lifetime < SCOPED &&",
    "if (owner && owner.definition.lifetime < 0 &&",
    "a singleton holds nothing scoped",
  ],
  [
    "core/building/resolve.js",
    "if (scope.closing && isService) throw closed(scope, token, it.dependent);",
    "",
    "a dependency may have closed the scope",
  ],
  [
    "core/building/resolve.js",
    "else if (node.scope.closing || node.state !== IDLE) throw closed(scope, token, dependent);",
    "else if (node.scope.closing?.report || node.state !== IDLE) throw closed(scope, token, dependent);",
    "a closing scope builds nothing",
  ],
  [
    "core/building/resolve.js",
    "if (scope.closing && lifetime === TRANSIENT) throw closed(scope, token, dependent);",
    "",
    "a closing scope makes no transients",
  ],
  [
    "core/building/resolve.js",
    "if (node.state === BUILT) {",
    "if (node.state === BUILT && node.value !== undefined) {",
    "undefined is an instance",
  ],
  [
    "core/scope/scope.js",
    "return node !== void 0 && node.state === BUILT && !running ? node.value",
    "return node !== void 0 && node.state === BUILT ? node.value",
    "a cached get inside a factory is a dependency",
  ],
  [
    "core/registry/registry.js",
    "throw duplicate(scope, token);",
    "return;",
    "a token is provided once per scope",
  ],
  [
    "core/registry/registry.js",
    'for (const name of ["as", "tags", "order", "default"]) place[name] ??= first[name];',
    "",
    "a replacement takes the place of the original",
  ],
  [
    "core/building/resolve.js",
    "depth > maxDepth && length > 0",
    "depth > maxDepth - 10 && length > 0",
    "the stack is cut at a depth",
  ],
  [
    "core/scope/scope.js",
    "if (this.closing) throw closed(this);",
    "if (this.closing?.report) throw closed(this);",
    "a closing scope opens no scope",
  ],
  [
    "core/scope/get.js",
    "for (const [node, at] of found) {",
    "for (const [node, at] of [...found].slice(0, 1)) {",
    "has looks at the dependencies of dependencies",
  ],
  [
    "core/scope/get.js",
    "if (build && build.phase < DONE)",
    "if (build && build.phase < RUNNING)",
    "a resolver belongs to its build",
  ],
  [
    "core/building/finish.js",
    "if (isResumed && !isAwaited(build)) noteUnheard(build, failure);",
    "",
    "the second of two failures is told",
  ], // Errors
  [
    "core/building/finish.js",
    "rememberPath(it, pathOver(chain));",
    "rememberPath(it, pathOver(chain.slice(1)));",
    "the path of what a factory throws begins where it began",
  ],
  [
    "core/model/messages.js",
    "return pathOver([...chainTo(dependent), { scope, definition: { token } }]);",
    "return pathOver([...chainTo(dependent).slice(-3), { scope, definition: { token } }]);",
    "a path begins where it began",
  ],
  [
    "core/model/messages.js",
    "token: nameOf(token), scope: scope.name }",
    "token: nameOf(token), scope: scope.root.name }",
    "a path names scopes",
  ],
  [
    "core/model/messages.js",
    '"provide it here or above, or resolve it with optional()"',
    '"provide it here, or resolve it with optional()"',
    "a hint",
  ],
  [
    "core/model/messages.js",
    '`make "${name}" scoped, or pass it what it needs`',
    '`make "${name}" scoped`',
    "another hint",
  ],
  [
    "core/building/finish.js",
    "forgetLastThrown() {\n  lastThrown = void 0;",
    "forgetLastThrown() {",
    "an error that is thrown again later has a new path",
  ],
  // Telling
  [
    "core/building/finish.js",
    'for (const _ of build.waiters ?? [build]) tree.tell?.("got", build, { cached: false });',
    'tree.tell?.("got", build, { cached: false });',
    "every waiter is told of",
  ],
  [
    "core/building/resolve.js",
    'scope.tree.tell?.("building", it);',
    'if (definition.lifetime !== 3) scope.tree.tell?.("building", it);',
    "transients are told of too",
  ],
  [
    "core/building/resolve.js",
    'scope.tree.tell?.("got", node, { cached: true });',
    "",
    "got is told of what is cached",
  ],
  ["core/scope/scope.js", "if (scope.tree.tell) hold(scope);", "", "an observed scope is held"],
  [
    "features/observe.js",
    "if (!encloses(top, scope)) continue;",
    "",
    "an observer watches its part of the tree",
  ],
  [
    "core/shutdown/shutdown.js",
    'scope.tree.tell?.("scopeClosed", scope, { elapsed, report });',
    'if (scope.parent) scope.tree.tell?.("scopeClosed", scope, { elapsed, report });',
    "the root is told to have closed",
  ],
  // What a fast build might get wrong
  [
    "core/registry/registry.js",
    "function find(scope, token) {",
    "const cache = new WeakMap();\nfunction find(scope, token) {\n  let known = cache.get(scope);\n  if (!known) cache.set(scope, (known = new Map()));\n  const got = known.get(token);\n  if (got) return got;\n  const it = find2(scope, token);\n  if (it) known.set(token, it);\n  return it;\n}\nfunction find2(scope, token) {",
    "a lookup that is remembered is forgotten when providers change",
  ],
  [
    "core/registry/registry.js",
    "function find(scope, token) {",
    "const cache = new WeakMap();\nfunction find(scope, token) {\n  if (!scope.parent || scope.nodes) return find2(scope, token);\n  let known = cache.get(scope.parent);\n  if (!known) cache.set(scope.parent, (known = new Map()));\n  const got = known.get(token);\n  if (got && got.definition.lifetime !== 0) return got;\n  const it = find2(scope, token);\n  if (it) known.set(token, it);\n  return it;\n}\nfunction find2(scope, token) {",
    "a lookup shared by siblings is forgotten when providers change",
  ],
  [
    "core/building/resolve.js",
    "function resolveNode(scope, origin, dependent) {",
    "const calls = new WeakMap();\nfunction resolveNode(scope, origin, dependent) {\n  const n = (calls.get(origin) ?? 0) + 1;\n  calls.set(origin, n);\n  if (n > 3 && dependent && origin.definition.lifetime === 3 && origin.definition.arity === 0 && origin.definition.make !== origin.definition.token && !origin.definition.options.init && !origin.definition.options.wrap && !scope.tree.tell) return origin.definition.make();",
    "a plan for a transient sees a promise, an error and a path",
  ],
  [
    "core/building/resolve.js",
    "if (dependent && it !== PENDING) addEdge(dependentIn(dependent), node);",
    "if (dependent && it !== PENDING && !(node.definition.lifetime === 2 && origin.plans > 2)) addEdge(dependentIn(dependent), node);\n  origin.plans = (origin.plans ?? 0) + 1;",
    "scoped instances have edges, also when a plan has built them",
  ],
  [
    "core/building/resolve.js",
    "it.below = outer;\n    setRunning(it);",
    "it.below = outer;\n    if (!(node?.scope.tree.opened > 4 && lifetime === 2)) setRunning(it);",
    "an ambient resolve in a factory is seen in later scopes too",
  ],
  [
    "core/building/disposal.js",
    'const isReported = addRowOf(node, failure ? "failed" : "disposed", elapsed, failure);',
    'const isReported = scope.serial > 4 && !failure ? true : addRowOf(node, failure ? "failed" : "disposed", elapsed, failure);',
    "what is disposed is in the report of later scopes too",
  ],
];

const [, , word] = process.argv;
const chosen = mutants.filter(([file, , , rule]) => !word || (file + rule).includes(word));
const folder = await mkdtemp(join(tmpdir(), "thimble-differential-"));
await cp(fileURLToPath(new URL("../../dist", import.meta.url)), folder, { recursive: true });
await writeFile(join(folder, "package.json"), '{ "type": "module" }');

/** Gives the last lines of what the runner said, and whether it noticed. */
function run() {
  const args = [fileURLToPath(new URL("run.mjs", import.meta.url))];
  args.push("--other", folder, "--seed", "1", "--programs", String(programs), "--quiet", "--shrink", "0");
  return new Promise((end) => {
    execFile(process.execPath, args, (error, out) =>
      end({ noticed: Boolean(error), said: out.trim().split("\n") }),
    );
  });
}

const bad = [];
try {
  if ((await run()).noticed) throw new Error("something differs before anything is broken");
  for (const [file, text, replacement, rule] of chosen) {
    const path = join(folder, file);
    const source = await readFile(path, "utf8");
    let result = "NOT FOUND";
    if (source.split(text).length === 2) {
      await writeFile(
        path,
        source.replace(text, () => replacement),
      );
      const { noticed, said } = await run();
      const count = /^(\d+) programs, /.exec(said.at(-1))?.[1];
      result = noticed ? `noticed after ${count}` : "SURVIVED";
      await writeFile(path, source);
    }
    if (!result.startsWith("noticed")) bad.push(rule);
    console.log(`${result.padEnd(20)} ${rule} (${file})`);
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
console.log(`${chosen.length - bad.length} of ${chosen.length} noticed`);
if (bad.length > 0) process.exitCode = 1;
