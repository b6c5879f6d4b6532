/**
 * What users see of a bus: its methods, the events that handlers receive, and the report of each event. All of it is
 * types, of which nothing is left at run time.
 *
 * `M` is what handlers receive under each name, and `I` what is emitted. They differ where a schema makes something else
 * of its input.
 *
 * @module
 */

import type { AbortSignalLike } from "../../core/types/signal.ts";
import type { EventError } from "./errors.ts";

/** The names of the events of a map. */
export type EventName<M> = keyof M & string;

/**
 * A payload as handlers see it: the properties of a plain object and the items of an array cannot be set. What an
 * instance of a class can do is up to its class.
 */
export type ReadonlyPayload<T> = unknown extends T
  ? T
  : T extends Function
    ? T
    : T extends readonly unknown[]
      ? Readonly<T>
      : T extends ReadonlyMap<infer K, infer V>
        ? ReadonlyMap<K, V>
        : T extends ReadonlySet<infer V>
          ? ReadonlySet<V>
          : // A class with private members is assignable from itself only.
            Readonly<T> extends T
            ? Readonly<T>
            : T;

/** The payload as an argument: it may be left out where it may be `undefined`. */
export type PayloadArgument<P> = undefined extends P ? [payload?: P] : [payload: P];

/** Emits an event. See {@linkcode Events.emit}. */
export type Emit<I> = <N extends EventName<I>>(
  name: N,
  ...payload: PayloadArgument<I[N]>
) => Promise<EventReport<N>>;

/** What receivers and finalizers receive. It is frozen, and so is the payload, as far as it can be. */
export interface BusEvent<M, N extends EventName<M> = EventName<M>, I = M> {
  readonly name: N;
  readonly payload: ReadonlyPayload<M[N]>;
  /**
   * Emits on the same bus, on behalf of this event: it neither waits for its turn nor takes a place, where the bus has a
   * `max`. `emit` of the bus means the same until the first `await` of a handler. After that, only this one is known to
   * come from inside a handler. Once this event is over, it is like `emit` of the bus.
   */
  readonly emit: Emit<I>;
}

/** What interceptors receive. */
export interface InterceptedEvent<M, N extends EventName<M> = EventName<M>, I = M> extends BusEvent<M, N, I> {
  /**
   * Ends the event before it reaches a receiver; interceptors that were to come do not run. The first reason counts. It
   * has no effect any more once the receivers have been called.
   */
  readonly abort: (reason?: unknown) => void;
}

/** Any event of a map: its `name` tells the type of its `payload`. */
export type AnyEvent<M, I = M> = { [N in EventName<M>]: BusEvent<M, N, I> }[EventName<M>];

type AnyIntercepted<M, I> = { [N in EventName<M>]: InterceptedEvent<M, N, I> }[EventName<M>];

/** How an event has ended. */
export interface EventReport<N extends string = string> {
  readonly name: N;
  /** Whether it was delivered and nothing failed. */
  readonly ok: boolean;
  /**
   * Whether it ended before it reached a receiver: an interceptor has aborted it or has failed, or its payload was
   * refused.
   */
  readonly aborted: boolean;
  /** Why it was aborted: what was given to `abort`, what the interceptor threw, or the error of the payload. */
  readonly reason?: unknown;
  /** How many receivers were called. */
  readonly receivers: number;
  /** Everything that failed, in the order in which it did. */
  readonly errors: readonly EventError[];
  /** How long it took, in milliseconds, without the time that it waited for its turn. */
  readonly elapsed: number;
}

/** Options of {@linkcode Events.on} and {@linkcode Events.once}. */
export interface SubscribeOptions {
  /** When it aborts, the handler is removed. */
  readonly signal?: AbortSignalLike | undefined;
}

/** Options of {@linkcode Events.intercept}. */
export interface InterceptOptions {
  /**
   * The place among the interceptors: lower numbers run first, then those that were added earlier.
   *
   * @default 0
   */
  readonly priority?: number | undefined;
}

/** Options of {@linkcode Events.drain}. */
export interface DrainOptions {
  /** Ends the waiting, and no event. */
  readonly signal?: AbortSignalLike | undefined;
}

/** A bus, made by `createEvents`. Its methods need no `this`. */
export interface Events<M, I = M> {
  /**
   * Calls `handler` for every event of that name from the next one on: one that is on its way already does not reach it.
   * Returns a function that removes it.
   */
  readonly on: <N extends EventName<M>>(
    name: N,
    handler: (event: BusEvent<M, N, I>) => unknown,
    options?: SubscribeOptions,
  ) => () => void;

  /**
   * The same for the next event alone. An event that is aborted does not count, and two events at the same time call the
   * handler once.
   */
  readonly once: Events<M, I>["on"];

  /**
   * Calls `interceptor` before the receivers of every event of that name, or of every event for `"*"`. One that throws or
   * rejects has aborted the event: what it was to keep away does not get through. Returns a function that removes it.
   */
  readonly intercept: {
    (
      name: "*",
      interceptor: (event: AnyIntercepted<M, I>) => unknown,
      options?: InterceptOptions,
    ): () => void;
    <N extends EventName<M>>(
      name: N,
      interceptor: (event: InterceptedEvent<M, N, I>) => unknown,
      options?: InterceptOptions,
    ): () => void;
  };

  /**
   * Calls `finalizer` exactly once for every event, when it is over, with the report as it is then. Several of them run
   * one after the other, in the order in which they were added. Returns a function that removes it.
   */
  readonly finalize: (finalizer: (event: AnyEvent<M, I>, report: EventReport) => unknown) => () => void;

  /**
   * Emits an event. The promise resolves when the event is over, and never rejects: what has failed is in the report.
   *
   * The payload is copied, and the copy is frozen, so no handler changes what another one sees. This holds for plain
   * objects and for arrays, and not for what is inside of them. An instance of a class, a `Map` or a function is passed as
   * it is: it could not be copied or frozen without breaking it.
   *
   * @throws `TypeError` when the name is no text, or is `"*"`.
   */
  readonly emit: Emit<I>;

  /**
   * Waits until no event is in flight or waits for its turn, those included that are emitted meanwhile.
   *
   * A handler that calls it, before its first `await`, does not wait for its own event, nor for the events of other
   * handlers that drain. After an `await` the bus cannot see who calls: what then waits for itself ends with the signal.
   * Rejects with the reason of the signal.
   */
  readonly drain: (options?: DrainOptions) => Promise<void>;
}
