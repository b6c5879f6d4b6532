/**
 * A `process` that has signals: Node and Bun, and whatever else can be seen that way.
 *
 * The first signal is a request. A second one, whatever its name, ends the process at once: who presses
 * Ctrl+C again has seen the orderly way hang. It exits with 128 + n instead of leaving it to the signal's
 * default action, because the first process in a (Docker) container has none to die by.
 *
 * @module
 */

import { shutdownOn, type ShutdownOnSignal } from "./shutdown.ts";
import { never, type Signals } from "./signals.ts";

/** What we use of `process`. */
export interface ProcessWithSignals {
  on(name: string, handler: SignalHandler): unknown;
  off(name: string, handler: SignalHandler): unknown;
  exit(code: number): unknown;
}

/** Node and Bun tell it the signal's number, which differs between systems. */
export type SignalHandler = (name?: string, number?: number) => void;

/** The numbers that are the same on every POSIX system, for a runtime that does not tell. */
const numbers: Readonly<Record<string, number>> = { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGTERM: 15 };

/**
 * Stops on the signals of these names. The process has handlers for them while somebody listens, and they do
 * not keep it alive.
 *
 * @throws when the runtime refuses a name: SIGKILL cannot be handled, Windows knows few.
 */
export function processSignals(
  names: readonly string[] = ["SIGINT", "SIGTERM"],
  process: ProcessWithSignals = (globalThis as unknown as { process: ProcessWithSignals }).process,
): Signals {
  const listeners = new Set<(name: string) => void>();
  const handled: (() => void)[] = [];
  let asked = false;

  function listen(): void {
    for (const name of new Set(names)) {
      const handler: SignalHandler = (_, number = numbers[name] ?? 0) => {
        if (asked) return void process.exit(128 + number);
        asked = true;
        const thrown: unknown[] = [];
        // A snapshot: who comes while they are told has not been asked. And whoever throws keeps it from nobody.
        for (const tell of [...listeners]) {
          try {
            if (listeners.has(tell)) tell(name);
          } catch (error) {
            thrown.push(error);
          }
        }
        if (thrown.length > 0) throw thrown[0];
      };
      try {
        process.on(name, handler);
      } catch (cause) {
        release();
        throw new Error(`Cannot listen for "${name}": ${(cause as Error).message}`, { cause });
      }
      handled.push(() => process.off(name, handler));
    }
  }

  // A handler that outlives its listeners would swallow Ctrl+C and do nothing.
  function release(): void {
    for (const off of handled.splice(0)) off();
    asked = false;
  }

  return {
    onStop(listener) {
      if (listeners.size === 0) listen();
      // A function of our own, so that one listener given twice is two.
      const tell = (name: string): void => listener(name);
      listeners.add(tell);
      return () => {
        if (listeners.delete(tell) && listeners.size === 0) release();
      };
    },
    onHidden: never,
  };
}

export const shutdownOnProcessSignals: ShutdownOnSignal = /* @__PURE__ */ shutdownOn(processSignals);
