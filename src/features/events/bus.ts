/**
 * `createEvents`: who receives what, how many events are in flight, and what waits for them.
 *
 * Whether an `emit` or a `drain` comes from inside a handler is known in two ways: while the synchronous part of the
 * handler is on the stack, and by the `emit` of the event that it was given. Nothing else is looked at: the runtimes that
 * could tell after an `await` as well are not all that there are.
 *
 * @module
 */

import type { StandardSchema } from "../config/schema.ts";
import { abortSignal, atLeastOne, checkOptions, kindOf } from "../options.ts";
import { current, Emission, type Handler, type Host, type Receiver } from "./emission.ts";
import type {
  DrainOptions,
  EventName,
  EventReport,
  Events,
  InterceptOptions,
  SubscribeOptions,
} from "./event.ts";
import { copied, type Schemas, schemasIn } from "./payload.ts";

/** The schemas of a map of events: each makes what handlers receive under its name. Names may be left out. */
export type EventSchemas<M> = { readonly [N in EventName<M>]?: StandardSchema<M[N]> | undefined };

/** Options of {@linkcode createEvents}. */
export interface EventsOptions<S = object> {
  /**
   * How many events may be in flight. More than that wait for their turn, in the order in which they were emitted. An
   * event that is emitted from inside a handler does not count: the handler may wait for it, so it must not wait for the
   * handler.
   *
   * @default Infinity
   */
  readonly max?: number | undefined;
  /**
   * Schemas of payloads, by the names of events: of any library that follows https://standardschema.dev, also those that
   * answer later. Handlers receive what the schema makes of the payload. A payload that it refuses reaches no handler but
   * the finalizers.
   *
   * @default payloads are not checked
   */
  readonly schemas?: S | undefined;
}

/** What handlers receive, by the schemas of a bus. */
export type OutputsOf<S> = {
  readonly [N in keyof S]: S[N] extends StandardSchema<infer T> ? T : never;
};

/** What is emitted, by the schemas of a bus. */
export type InputsOf<S> = {
  readonly [N in keyof S]: S[N] extends { readonly "~standard": { readonly types?: infer T } }
    ? NonNullable<T> extends { readonly input: infer I }
      ? I
      : unknown
    : never;
};

/**
 * Makes a bus. Say what its events are called and what they carry, or give a schema for each of them, which says both.
 *
 * @example
 * ```ts
 * const bus = createEvents<{ paid: { cents: number }; closed: undefined }>({ max: 100 });
 * const checked = createEvents({ schemas: { paid: z.object({ cents: z.coerce.number() }) } });
 *
 * bus.intercept("paid", ({ payload, abort }) => {
 *   if (payload.cents < 0) abort("no refunds today");
 * });
 * bus.on("paid", async ({ payload }) => ledger.add(payload.cents));
 * bus.finalize(({ name }, { errors }) => errors.forEach((error) => log.error(name, error)));
 * const { ok } = await bus.emit("paid", { cents: 1_500 });
 * ```
 *
 * @throws `TypeError` when an option is unknown or of the wrong type, or a schema is none.
 */
export function createEvents<const S extends { readonly [name: string]: StandardSchema<unknown> }>(
  options: EventsOptions<S> & { readonly schemas: S },
): Events<OutputsOf<S>, InputsOf<S>>;
// The last overload, because the compiler explains the last one when none of them fits.
export function createEvents<M extends object = { readonly [name: string]: unknown }>(
  options?: EventsOptions<EventSchemas<M>>,
): Events<M>;
/* @__NO_SIDE_EFFECTS__ */
export function createEvents(options: EventsOptions = {}): Events<object> {
  return new Bus(options).asUsersSeeIt() as unknown as Events<object>;
}

const known = {
  max: atLeastOne,
  schemas: ["a record of schemas", (it: unknown) => typeof it === "object" && it !== null],
} as const;

interface Interceptor extends Handler {
  readonly name: string;
  readonly priority: number;
}

/** A caller of `drain`. */
interface Waiter {
  /** The events that it was called from, and does not wait for. */
  readonly inside: readonly Emission[];
  readonly resolve: () => void;
}

/** The bus itself. */
export class Bus implements Host {
  readonly max: number;
  readonly schemas: Schemas | undefined;
  readonly receivers: Map<string, readonly Receiver[]> = new Map();
  interceptors: readonly Interceptor[] = [];
  finalizers: readonly Handler[] = [];
  /** How many events are not over, those that wait for their turn included. */
  live = 0;
  /** How many places are taken, of those that `max` allows. */
  taken = 0;
  /** What lets the next event begin. The items before `next` are gone. */
  queue: (() => void)[] = [];
  next = 0;
  waiters: readonly Waiter[] = [];

  constructor(options: EventsOptions) {
    checkOptions("createEvents", options, known);
    this.max = options.max ?? Infinity;
    this.schemas = options.schemas && schemasIn(options.schemas);
  }

  /** The methods alone: a log that shows the bus shows nothing of what is in flight. */
  asUsersSeeIt(): object {
    const { on, once, intercept, finalize, emit, drain } = this;
    return { on, once, intercept, finalize, emit, drain };
  }

  // ---- Subscribing. The methods are properties, so that they need no `this`.

  readonly on = (name: string, fn: unknown, options: SubscribeOptions = {}): (() => void) =>
    this.subscribe(name, "on", fn, options);

  readonly once = (name: string, fn: unknown, options: SubscribeOptions = {}): (() => void) =>
    this.subscribe(name, "once", fn, options);

  subscribe(name: string, how: "on" | "once", fn: unknown, options: SubscribeOptions): () => void {
    checkName(how, name);
    checkHandler(how, fn);
    checkOptions(how, options, { signal: abortSignal });
    const { signal } = options;
    const remove = (): void => {
      if (receiver.isRemoved) return;
      receiver.isRemoved = true;
      signal?.removeEventListener("abort", remove);
      const left = this.receiversOf(name).filter((it) => it !== receiver);
      if (left.length > 0) this.receivers.set(name, left);
      else this.receivers.delete(name);
    };
    const receiver: Receiver = { fn, isRemoved: false, claim: how === "once" ? remove : undefined };
    if (signal?.aborted) return remove;
    this.receivers.set(name, [...this.receiversOf(name), receiver]);
    signal?.addEventListener("abort", remove);
    return remove;
  }

  readonly intercept = (name: string, fn: unknown, options: InterceptOptions = {}): (() => void) => {
    if (name !== "*") checkName("intercept", name);
    checkHandler("intercept", fn);
    checkOptions("intercept", options, { priority: ["a number", isNumber] });
    const { priority = 0 } = options;
    const interceptor: Interceptor = { name, fn, priority, isRemoved: false };
    // Sorting keeps the order of equals.
    this.interceptors = [...this.interceptors, interceptor].sort((a, b) => a.priority - b.priority);
    return () => {
      interceptor.isRemoved = true;
      this.interceptors = this.interceptors.filter((it) => it !== interceptor);
    };
  };

  readonly finalize = (fn: unknown): (() => void) => {
    checkHandler("finalize", fn);
    const finalizer: Handler = { fn, isRemoved: false };
    this.finalizers = [...this.finalizers, finalizer];
    return () => {
      this.finalizers = this.finalizers.filter((it) => it !== finalizer);
    };
  };

  // ---- What an event needs

  receiversOf(name: string): readonly Receiver[] {
    return this.receivers.get(name) ?? none;
  }

  interceptorsOf(name: string): readonly Interceptor[] {
    const { interceptors } = this;
    if (interceptors.length === 0) return none;
    return interceptors.filter((it) => it.name === "*" || it.name === name);
  }

  schemaOf(name: string): StandardSchema<unknown> | undefined {
    return this.schemas?.get(name);
  }

  /** Whether anything would be called for an event of that name. */
  isHeard(name: string): boolean {
    return (
      this.receiversOf(name).length > 0 || this.interceptorsOf(name).length > 0 || this.finalizers.length > 0
    );
  }

  emitFrom(inside: Emission, name: string, payload: unknown): Promise<EventReport> {
    return this.start(name, payload, inside.isOver ? current : inside);
  }

  ended(emission: Emission): void {
    // In one step, which a full stack cannot interrupt: see `start`.
    emission.isOver = true;
    // Events that emit the next one without end would keep all that were before.
    emission.inside = undefined;
    this.live--;
    if (emission.isCounted) this.leave(emission);
    if (this.waiters.length > 0) this.tellDrained();
  }

  // ---- Emitting

  readonly emit = (name: string, payload?: unknown): Promise<EventReport> =>
    this.start(name, payload, current);

  start(name: string, payload: unknown, inside: Emission | undefined): Promise<EventReport> {
    checkName("emit", name);
    const emission = new Emission(
      this,
      name,
      copied(name, payload, this.schemas?.has(name) === true),
      inside,
    );
    this.live++;
    try {
      if (this.max === Infinity || this.allInside(inside).length > 0) return emission.begin();
      emission.isCounted = true;
      if (this.taken < this.max) {
        this.taken++;
        return emission.begin();
      }
    } catch (error) {
      // Handlers are caught where they are called. This is a stack that is full, of handlers that emit without end: an event
      // that is not over would keep `drain` waiting. There may be no room left for a call.
      if (!emission.isOver) {
        emission.isOver = true;
        emission.inside = undefined;
        this.live--;
      }
      if (emission.isCounted) this.leave(emission);
      throw error;
    }
    // It begins in a reaction to a promise of its own, and so in the asynchronous context of whoever has emitted it, and
    // not of whoever makes room for it.
    return new Promise<void>((resolve) => this.queue.push(resolve)).then(() => emission.begin());
  }

  /** Gives the place of an event to the next one. */
  leave(emission: Emission): void {
    emission.isCounted = false;
    const letIn = this.queue[this.next];
    if (!letIn) {
      this.taken--;
      return;
    }
    // Taking the first item off a long array takes time that grows with its length.
    if (++this.next * 2 > this.queue.length) {
      this.queue = this.queue.slice(this.next);
      this.next = 0;
    }
    letIn();
  }

  /** The events of this bus among those that are inside of one another, from the innermost to the outermost. */
  allInside(innermost: Emission | undefined): Emission[] {
    const all: Emission[] = [];
    for (let it = innermost; it; it = it.inside) if (it.host === this && !it.isOver) all.push(it);
    return all;
  }

  // ---- Draining

  readonly drain = (options: DrainOptions = {}): Promise<void> =>
    new Promise((resolve, reject) => {
      checkOptions("drain", options, { signal: abortSignal });
      const { signal } = options;
      const inside = this.allInside(current);
      // A handler that waits here holds no place: what waits for its turn could never begin.
      for (const it of inside) if (it.isCounted) this.leave(it);
      if (this.live === 0) return resolve();
      const leave = (): void => {
        this.waiters = this.waiters.filter((it) => it !== waiter);
        signal?.removeEventListener("abort", aborted);
      };
      const aborted = (): void => {
        leave();
        reject(signal!.reason as Error);
      };
      const waiter: Waiter = {
        inside,
        resolve() {
          leave();
          resolve();
        },
      };
      if (signal?.aborted) return aborted();
      this.waiters = [...this.waiters, waiter];
      signal?.addEventListener("abort", aborted);
      this.tellDrained();
    });

  /** Tells those that have nothing left to wait for. Handlers that drain do not wait for each other. */
  tellDrained(): void {
    const draining = new Set(this.waiters.flatMap(({ inside }) => inside).filter((it) => !it.isOver));
    for (const { inside, resolve } of this.waiters)
      if (this.live === (inside.length > 0 ? draining.size : 0)) resolve();
  }
}

const none: readonly never[] = [];

const isNumber = (it: unknown): boolean => typeof it === "number" && !Number.isNaN(it);

function checkName(method: string, name: unknown): void {
  if (typeof name !== "string")
    throw new TypeError(`${method}: the name of an event is a text, not ${kindOf(name)}`);
  if (name === "*")
    throw new TypeError(`${method}: "*" names no event, it stands for all of them in intercept`);
}

function checkHandler(method: string, fn: unknown): asserts fn is Handler["fn"] {
  if (typeof fn !== "function")
    throw new TypeError(`${method}: its handler is a function, not ${kindOf(fn)}`);
}
