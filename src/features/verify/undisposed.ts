/**
 * `findUndisposed`: instances that nothing will dispose although they look as if something should.
 *
 * Many drivers have a method that ends them and no `Symbol.asyncDispose`. The container then disposes nothing, its report
 * says that all is well, and the process stays open.
 *
 * @module
 */

import { madeBy, symbolIn } from "../../core/model/ownership.ts";
import { BUILT, type Node, type ScopeRecord, TRANSIENT, VALUE } from "../../core/model/records.ts";
import { subtree } from "../../core/model/tree.ts";
import type { Scope } from "../../core/types/scope.ts";
import { read } from "../../core/words/errors.ts";
import { nameOf } from "../../core/words/token.ts";
import { relatedTo } from "../declared.ts";

/** An instance that nothing will dispose, or that its own symbol disposes too early. */
export interface Undisposed {
  /** The name of its token. */
  readonly token: string;
  /** The name and the id of the scope that it lives in. */
  readonly scope: string;
  readonly scopeId: string;
  /** Why it is listed: nothing disposes it, or it is a stream that is destroyed before all was written. */
  readonly problem: "never disposed" | "destroyed with data unsent";
  /** The option to write: `dispose: (it) => it.end()`. */
  readonly line: string;
}

/**
 * Finds instances in a scope and below it that nothing will dispose at shutdown although they look as if something
 * should: they have a method such as `close`, `end` or `disconnect`, and neither a `dispose` option nor one of the symbols.
 * And streams of Node.js that are written to: their own symbol destroys them, and what was not yet written is lost.
 *
 * A provider with `dispose: false` says that nothing is to be done. Values that the container only borrows are not
 * listed, and nothing is called on any instance.
 *
 * @example
 * ```ts
 * for (const { token, line } of findUndisposed(app)) console.warn(`${token}: add { ${line} }`);
 * // pool: add { dispose: (it) => it.end() }
 * ```
 */
export function findUndisposed(scope: Scope): Undisposed[] {
  const record = scope as unknown as ScopeRecord;
  // A factory may pass on what another provider has made or borrowed. Then that one says what becomes of it.
  const seen = new Set<unknown>();
  for (const at of relatedTo(record))
    for (const node of builtIn(at)) if (!isUnsaid(node)) seen.add(madeBy(node));
  return subtree(record).flatMap((at) =>
    builtIn(at).flatMap((node) => {
      const made = madeBy(node);
      if (Object(made) !== made || seen.has(made)) return [];
      seen.add(made);
      const found = lineFor(made as object, at);
      const row = { token: nameOf(node.definition.token), scope: at.name, scopeId: at.id };
      return found ? [{ ...row, ...found }] : [];
    }),
  );
}

function builtIn({ nodes }: ScopeRecord): Node[] {
  return [...(nodes?.values() ?? [])].filter(({ state }) => state === BUILT);
}

/** Whether disposing the instance is up to the container, and its provider does not say how. */
function isUnsaid({ definition, cleanup }: Node): boolean {
  const { lifetime, options } = definition;
  const isOurs = lifetime === VALUE ? options.owned === true : lifetime < TRANSIENT;
  return isOurs && options.dispose === undefined && !cleanup;
}

const finish = "new Promise((done, failed) => it.end((e) => (e ? failed(e) : done())))";

/** What ends an instance: the first of these that it has. */
const methods = [
  "close",
  "closeSync",
  "quit",
  "endAsync",
  "end",
  "disconnect",
  "shutdown",
  "stop",
  "destroy",
  "dispose",
  "terminate",
  "unsubscribe",
] as const;

function lineFor(it: object, scope: ScopeRecord): Pick<Undisposed, "problem" | "line"> | undefined {
  const has = (...names: string[]): boolean => names.every((name) => hasMethod(it, name));
  if (isWritable(it)) {
    if (read(it, "destroyed") === true || read(it, "writableFinished") === true) return undefined;
    // A stream of the process was there before, and is not the program's to end.
    const line = read(it, "_isStdio") === true ? "dispose: false" : `dispose: (it) => ${finish}`;
    return { problem: "destroyed with data unsent", line };
  }
  if (symbolIn(it, scope)) return undefined;
  const line = (call: string) => ({ problem: "never disposed", line: `dispose: (it) => ${call}` }) as const;

  // A WebSocket server waits for its clients, which only it can end.
  if (has("close", "handleUpgrade") && read(it, "clients") instanceof Set)
    return line(
      "{ for (const client of it.clients) client.terminate(); return new Promise((done) => it.close(done)); }",
    );
  // The transport of a logger has ended when its thread has.
  if (has("end", "flushSync", "once"))
    return line('new Promise((done) => { it.once("close", done); it.end(); })');
  // postgres.js: a function that runs queries, and waits for those in flight when it is ended.
  if (has("end", "begin", "unsafe")) return line("it.end({ timeout: 5 })");
  const name = methods.find((method) => has(method));
  if (name) return line(`it.${name}()`);
  // Drizzle keeps the driver that it was given.
  const client = dataIn(it, "$client");
  const inner =
    Object(client) === client ? methods.find((method) => hasMethod(client as object, method)) : undefined;
  return inner && line(`it.$client.${inner}()`);
}

/** A stream of Node.js, or of a package that does the same, which is written to. */
function isWritable(it: object): boolean {
  return dataIn(it, "_writableState") !== undefined && hasMethod(it, "write") && hasMethod(it, "end");
}

function hasMethod(it: object, name: string): boolean {
  return typeof dataIn(it, name) === "function";
}

/**
 * The value of a property, its own or inherited. No accessor is run: a getter may open a connection. A proxy that answers
 * to every name, as remote objects do, has no such property.
 */
function dataIn(it: object, name: string): unknown {
  try {
    for (let at: object | null = it; at; at = Object.getPrototypeOf(at) as object | null) {
      const own = Object.getOwnPropertyDescriptor(at, name);
      if (own) return own.value;
    }
  } catch {
    // A revoked or guarded proxy cannot be looked at.
  }
  return undefined;
}
