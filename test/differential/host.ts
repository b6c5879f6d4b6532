/**
 * What the programs run on: a clock that stands still until a program says otherwise, and errors that reach nobody.
 *
 * Real timers would make a trace depend on the machine.
 *
 * @module
 */

interface Timer {
  readonly at: number;
  readonly fn: () => void;
}

interface Globals {
  setTimeout: unknown;
  clearTimeout: unknown;
  reportError?: unknown;
  setImmediate?: (fn: () => void) => unknown;
}

const world = globalThis as unknown as Globals;
const realTimeout = world.setTimeout as (fn: () => void, ms: number) => unknown;
const realImmediate = world.setImmediate;

const timers = new Map<number, Timer>();
let time = 0;
let count = 0;

/** What is told of errors that no caller receives: the program that runs right now. */
let report: (how: string, error: unknown) => void = () => {};

export function listen(to: typeof report): void {
  report = to;
}

/** For the event `unhandledRejection`, in a runner that has it. */
export function unheard(error: unknown): void {
  report("unhandledRejection", error);
}

/** Puts the clock and `reportError` in the place of those of the runtime. Gives what puts them back. */
export function install(): () => void {
  const names = ["setTimeout", "clearTimeout", "reportError"] as const;
  const before = names.map((name) => Object.getOwnPropertyDescriptor(globalThis, name));
  const put = (name: string, value: unknown) =>
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  put("setTimeout", (fn: () => void, ms = 0) => {
    timers.set(++count, { at: time + ms, fn });
    return count;
  });
  put("clearTimeout", (id: number) => void timers.delete(id));
  put("reportError", (error: unknown) => report("reportError", error));
  // Making the stack of an error takes as long as a short program.
  const { stackTraceLimit } = Error as { stackTraceLimit?: number };
  (Error as { stackTraceLimit?: number | undefined }).stackTraceLimit = 0;
  return () => {
    (Error as { stackTraceLimit?: number | undefined }).stackTraceLimit = stackTraceLimit;
    names.forEach((name, at) => {
      const was = before[at];
      if (was) Object.defineProperty(globalThis, name, was);
      else delete (globalThis as Record<string, unknown>)[name];
    });
  };
}

/** Begins a run: no timers are left from the one before. */
export function reset(): void {
  timers.clear();
  time = 0;
  count = 0;
}

export function hasTimers(): boolean {
  return timers.size > 0;
}

/** Lets time pass, and calls what is due, the earliest first. */
export function pass(ms: number): void {
  const until = time + ms;
  for (;;) {
    let first: [number, Timer] | undefined;
    for (const it of timers) if (it[1].at <= until && (!first || it[1].at < first[1].at)) first = it;
    if (!first) break;
    timers.delete(first[0]);
    time = Math.max(time, first[1].at);
    first[1].fn();
  }
  time = until;
}

/** Until there is nothing left in the queue of microtasks. */
export function idle(): Promise<void> {
  return new Promise(
    (end) => void (realImmediate ? realImmediate(() => end()) : realTimeout(() => end(), 0)),
  );
}
