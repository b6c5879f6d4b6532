/**
 * A `process` that has signals: Node and Bun, and whatever else can be seen that way.
 *
 * The first signal is a request to stop. A second one, whatever its name, ends the process at once: a person who presses
 * Ctrl+C again has seen the orderly way hang. It exits with 128 + n instead of leaving it to the signal's default
 * action, because the first process in a (Docker) container has no default action to die by.
 *
 * @module
 */

import { shutdownOn, type ShutdownOnSignal } from "./shutdown.ts";
import { checkListener, never, type Signals } from "./signals.ts";

/** What we use of `process`. */
export interface ProcessWithSignals {
  on(name: string, handler: SignalHandler): unknown;
  off(name: string, handler: SignalHandler): unknown;
  exit(code: number): unknown;
  /** In Node from 20.16 and 22.3 on. Without it, names and threads are not checked. */
  getBuiltinModule?(id: string): unknown;
}

/** Node and Bun pass the signal's number, which differs between systems. */
export type SignalHandler = (name?: string, number?: number) => void;

/** The numbers that are the same on every POSIX system, for a runtime that does not pass them. */
const numbers: Readonly<Record<string, number>> = { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGTERM: 15 };

/**
 * Stops on the signals of these names. The process has handlers for them while somebody listens, and they do
 * not keep it alive.
 *
 * @example
 * ```ts
 * const ignore = signals(["SIGHUP"]).onStop(() => void reload(app, Server)); // reload of thimble/reload
 * ```
 *
 * @throws a `TypeError` when `names` is no list of names of signals. SIGKILL and SIGSTOP are none: no process can handle
 * them.
 * @throws from `onStop` when the runtime refuses a name (Windows knows few), and in a worker thread: signals reach the
 * main thread only.
 */
export function processSignals(
  names: readonly string[] = ["SIGINT", "SIGTERM"],
  process: ProcessWithSignals = (globalThis as unknown as { process: ProcessWithSignals }).process,
): Signals {
  checkNames(names, process);
  const listeners = new Set<(name: string) => void>();
  const handled: (() => void)[] = [];
  let isStopping = false;

  function listen(): void {
    if (isWorkerThread(process)) throw new Error(`Cannot listen for ${names.join(" or ")} ${inWorkerThread}`);
    for (const name of new Set(names)) {
      const handler: SignalHandler = (_, number = numbers[name] ?? 0) => {
        if (isStopping) return void process.exit(128 + number);
        isStopping = true;
        const thrown: unknown[] = [];
        // A snapshot: a listener that is added meanwhile is not told. One that throws does not keep it from the others.
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
    isStopping = false;
  }

  return {
    onStop(listener) {
      checkListener(listener);
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

/**
 * Checks a list of signal names. Node and Bun take any word for the name of an event, and would wait for it for ever.
 *
 * @throws a `TypeError`.
 */
export function checkNames(names: readonly string[], process?: ProcessWithSignals): void {
  if (!Array.isArray(names) || names.length === 0)
    throw new TypeError(`signals takes a list of names, such as ["SIGTERM"]`);
  const os = process?.getBuiltinModule?.("node:os") as { constants?: { signals?: object } } | undefined;
  for (const name of names as readonly unknown[]) {
    if (name === "SIGKILL" || name === "SIGSTOP")
      throw new TypeError(`Cannot listen for "${name}": no process can handle this signal`);
    const isKnown = typeof name === "string" && /^SIG[A-Z0-9]+$/.test(name);
    if (!isKnown || Object.hasOwn(os?.constants?.signals ?? { [name]: 0 }, name) === false)
      throw new TypeError(`Cannot listen for "${String(name)}": this system has no such signal`);
  }
}

const inWorkerThread =
  "in a worker thread: signals reach the main thread only" +
  "\n  hint: send the thread a message, and use shutdownOnSignal of thimble/generic with an AbortSignal";

function isWorkerThread(process: ProcessWithSignals): boolean {
  const threads = process.getBuiltinModule?.("node:worker_threads") as { isMainThread?: boolean } | undefined;
  return threads?.isMainThread === false;
}

export const shutdownOnProcessSignals: ShutdownOnSignal = /* @__PURE__ */ shutdownOn(
  processSignals,
  processSignals,
);
