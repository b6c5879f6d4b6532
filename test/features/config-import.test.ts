/**
 * What happens while the modules are loaded: nothing that depends on where, or when.
 *
 * The globals by which a program gets at its environment, at time, timers and chance become traps, and only then is the
 * package loaded. Test runners use the same globals, so a trap only snaps for callers in our own files. `Error` is the
 * witness: it is what our errors extend, so whoever loads them must walk into that one.
 */
import { afterEach, describe, expect, it, vi } from "vitest";

const RealError = Error;
const world = globalThis as unknown as Record<string, unknown>;
const traps: (readonly [object: object, name: string])[] = [
  ...["process", "Deno", "Bun", "__ENV__", "env", "document", "location", "navigator", "localStorage"],
  ...["Date", "performance", "setTimeout", "setInterval", "setImmediate", "queueMicrotask"],
  ...["requestAnimationFrame", "requestIdleCallback", "crypto", "fetch", "AbortSignal"],
  "Error",
].map((name) => [world, name] as const);
traps.push([Math, "random"]);

/** By built file or, where the runner follows source maps, by source. */
const ours = /[\\/](dist|src)[\\/](core|features|adapters|entries|index)\b/;

/** Whether the code that has walked into a trap is ours: the line of the stack below the trap's own. */
function isOurs({ stack = "" }: Error): boolean {
  const lines = stack.split("\n");
  const trap = lines.findIndex((line) => line.includes("config-import.test"));
  return ours.test(lines[trap + 1] ?? "");
}

const restore: (() => void)[] = [];
afterEach(() => restore.splice(0).forEach((undo) => undo()));

/** Has every use of the globals by our own files noted. Some belong to the page and cannot be replaced. */
function listen(): string[] {
  const touched: string[] = [];
  for (const [object, name] of traps) {
    const own = Object.getOwnPropertyDescriptor(object, name);
    if (own?.configurable === false) continue;
    let current: unknown = Reflect.get(object, name);
    Object.defineProperty(object, name, {
      configurable: true,
      enumerable: own?.enumerable ?? false,
      get() {
        if (isOurs(new RealError())) touched.push(name);
        return current;
      },
      set(it: unknown) {
        current = it;
      },
    });
    restore.push(() => {
      if (own) Object.defineProperty(object, name, own);
      else Reflect.deleteProperty(object, name);
    });
  }
  return touched;
}

describe("importing the package", () => {
  it("reads no environment, and touches no clock, timer or random source", async () => {
    const touched = listen();
    // Where files share a loader, another one may have loaded it already; a browser has a page for each.
    vi.resetModules();
    await import("thimble");
    await import("thimble/config");
    await import("thimble/observe");
    await import("thimble/generic");

    expect([...new Set(touched)]).toEqual(["Error"]);
  });

  it("would have been noticed: a program that uses them is", async () => {
    const { createContainer, singleton, token } = await import("thimble");
    const { observe } = await import("thimble/observe");
    const touched = listen();
    const Slow = token<number>("slow");
    const app = createContainer(singleton(Slow, () => 1, { dispose: () => Promise.resolve() }));
    observe(app, { built: () => {} });
    app.get(Slow);
    await app.shutdown({ timeout: 10 });

    expect(touched).toContain("performance");
    expect(touched).toContain("setTimeout");
  });
});
