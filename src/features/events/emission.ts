/**
 * One event on its way: which phase it is in, what has failed, and what is told to whom.
 *
 * Everything stays synchronous until a handler really returns a promise: the receivers of an event without interceptors
 * are called before `emit` returns.
 *
 * @module
 */

import { isThenable } from "../../core/words/thenable.ts";
import { now } from "../../core/words/web.ts";
import type { StandardSchema } from "../config/schema.ts";
import { type EventError, EventHandlerError, type EventHandlerKind } from "./errors.ts";
import type { EventReport } from "./event.ts";
import { type Checked, checked, copied } from "./payload.ts";

/** Anything that is called with an event. */
export interface Handler {
  readonly fn: (event: unknown, report?: EventReport) => unknown;
  /** Removed before it was called. */
  isRemoved: boolean;
}

export interface Receiver extends Handler {
  /** Of `once`: removes it. */
  readonly claim: (() => void) | undefined;
}

/** What an emission needs of its bus. The lists are replaced and never changed: an event goes by those it began with. */
export interface Host {
  receiversOf(name: string): readonly Receiver[];
  interceptorsOf(name: string): readonly Handler[];
  readonly finalizers: readonly Handler[];
  schemaOf(name: string): StandardSchema<unknown> | undefined;
  /** Emits from inside a handler of an event. */
  emitFrom(inside: Emission, name: string, payload: unknown): Promise<EventReport>;
  /** An event is over, and is marked as such. */
  ended(emission: Emission): void;
}

/** The event whose handler is on the stack right now. */
export let current: Emission | undefined;

/** One event on its way. */
export class Emission {
  declare readonly host: Host;
  declare readonly name: string;
  declare checked: Checked;
  /** The event from inside of whose handlers it was emitted, as far as that is known. */
  declare inside: Emission | undefined;
  /** Whether it takes one of the places that `max` allows. */
  declare isCounted: boolean;
  declare isOver: boolean;
  declare isAborted: boolean;
  declare reason: unknown;
  /** Whether `abort` still has an effect. */
  declare isAbortable: boolean;
  declare errors: EventError[] | undefined;
  declare receivers: number;
  declare since: number;
  /** How many of its receivers have not settled, and one more while they are called. */
  declare pending: number;
  /** Told that a receiver has settled. */
  declare settled: () => void;
  declare resolve: ((report: EventReport) => void) | undefined;

  constructor(host: Host, name: string, given: Checked, inside: Emission | undefined) {
    this.host = host;
    this.name = name;
    this.checked = given;
    this.inside = inside;
    this.isCounted = this.isOver = this.isAborted = this.isAbortable = false;
    this.reason = this.errors = this.resolve = undefined;
    this.receivers = this.since = this.pending = 0;
  }

  /** Goes through all phases. */
  begin(): Promise<EventReport> {
    const { host, name } = this;
    this.since = now();
    const schema = host.schemaOf(name);
    const interceptors = host.interceptorsOf(name);
    const receivers = host.receiversOf(name);
    if (!schema && interceptors.length === 0 && !this.checked.error) return this.receive(receivers);
    return this.prepare(schema, interceptors, receivers);
  }

  /** The phase before receivers: the schema, then the interceptors. */
  async prepare(
    schema: StandardSchema<unknown> | undefined,
    interceptors: readonly Handler[],
    receivers: readonly Receiver[],
  ): Promise<EventReport> {
    try {
      if (schema && !this.checked.error) {
        const given = this.checked.payload;
        const answer = checked(this.name, schema, given);
        this.checked = answer instanceof Promise ? await answer : answer;
        // A finalizer sees what was emitted, also where the schema has refused it.
        if (this.checked.error) this.checked = { ...copied(this.name, given, false), ...this.checked };
      }
      const { error } = this.checked;
      if (error) {
        (this.errors ??= []).push(error);
        this.abort(error);
      } else if (interceptors.length > 0) {
        await this.intercept(interceptors);
      }
      return await (this.isAborted ? this.finish() : this.receive(receivers));
    } catch (error) {
      // A full stack, as in `Bus.start`. There is room again after waiting.
      await undefined;
      if (!this.isOver) this.host.ended(this);
      throw error;
    }
  }

  async intercept(interceptors: readonly Handler[]): Promise<void> {
    const event = new InterceptorEvent(this);
    this.isAbortable = true;
    for (const it of interceptors) {
      if (it.isRemoved) continue;
      const result = this.call("interceptor", it, event);
      if (isThenable(result)) await this.settle("interceptor", it, result);
      if (this.isAborted) break;
    }
    this.isAbortable = false;
  }

  /** Calls the receivers, all at the same time. Those that were removed since the event began are left out. */
  receive(receivers: readonly Receiver[]): Promise<EventReport> {
    if (receivers.length === 0) return this.finish();
    const event = new HandlerEvent(this);
    // All of them are claimed before any of them is called: a sibling that emits must not call them again.
    const called = receivers.some(isSpecial) ? receivers.filter(claimed) : receivers;
    this.receivers = called.length;
    this.pending = 1;
    this.settled = (): void => {
      if (--this.pending === 0) this.resolve!(this.finish() as never);
    };
    const outer = enter(this);
    try {
      for (const it of called) this.callReceiver(it, event);
    } finally {
      current = outer;
    }
    if (--this.pending === 0) return this.finish();
    return new Promise((resolve) => (this.resolve = resolve));
  }

  callReceiver(receiver: Handler, event: unknown): void {
    try {
      const result = receiver.fn(event);
      if (!isThenable(result)) return;
      // Reactions and no `await`: a function that awaits for each receiver takes half as long again. The method is that of
      // every promise: an object may have a `then` of its own that calls back twice, or at once.
      const promise = result instanceof Promise ? result : Promise.resolve(result);
      void Promise.prototype.then.call(promise, this.settled, (error: unknown) => {
        this.fail("receiver", receiver, error);
        this.settled();
      });
      this.pending++;
    } catch (error) {
      this.fail("receiver", receiver, error);
    }
  }

  /** The last phase: the finalizers, one after the other. */
  finish(): Promise<EventReport> {
    const report = this.report();
    const { finalizers } = this.host;
    if (finalizers.length > 0) return this.finalize(finalizers, report);
    this.host.ended(this);
    return Promise.resolve(report);
  }

  async finalize(finalizers: readonly Handler[], report: EventReport): Promise<EventReport> {
    try {
      const event = new HandlerEvent(this);
      const failed = this.errors?.length;
      for (const it of finalizers) {
        const result = this.call("finalizer", it, event, report);
        if (isThenable(result)) await this.settle("finalizer", it, result);
      }
      this.host.ended(this);
      return this.errors?.length === failed ? report : this.report();
    } catch (error) {
      await undefined;
      if (!this.isOver) this.host.ended(this);
      throw error;
    }
  }

  report(): EventReport {
    const { name, isAborted, reason, receivers, errors, since } = this;
    const ok = !isAborted && !errors;
    const elapsed = now() - since;
    // A finalizer has the report before the others have run, so it gets a list of its own.
    const list = errors ? Object.freeze([...errors]) : none;
    return isAborted
      ? { name, ok, aborted: true, reason, receivers, errors: list, elapsed }
      : { name, ok, aborted: false, receivers, errors: list, elapsed };
  }

  /** Calls an interceptor or a finalizer. */
  call(kind: EventHandlerKind, handler: Handler, event: unknown, report?: EventReport): unknown {
    const outer = enter(this);
    try {
      return handler.fn(event, report);
    } catch (error) {
      return this.fail(kind, handler, error);
    } finally {
      current = outer;
    }
  }

  async settle(kind: EventHandlerKind, handler: Handler, result: PromiseLike<unknown>): Promise<void> {
    try {
      await result;
    } catch (error) {
      this.fail(kind, handler, error);
    }
  }

  fail(kind: EventHandlerKind, { fn }: Handler, error: unknown): void {
    (this.errors ??= []).push(new EventHandlerError(this.name, kind, fn, error));
    // What an interceptor was to keep away must not get through because it has failed.
    if (kind === "interceptor") this.abort(error);
  }

  abort(reason: unknown): void {
    if (this.isAborted) return;
    this.isAborted = true;
    this.reason = reason;
  }
}

const none: readonly never[] = /* @__PURE__ */ Object.freeze([]);

function enter(emission: Emission): Emission | undefined {
  const outer = current;
  current = emission;
  return outer;
}

function isSpecial({ claim, isRemoved }: Receiver): boolean {
  return isRemoved || claim !== undefined;
}

/** Whether a receiver is called. One of `once` is removed as it is called. */
function claimed({ claim, isRemoved }: Receiver): boolean {
  if (!isRemoved) claim?.();
  return !isRemoved;
}

/** What receivers and finalizers receive. Its `emit` is no property of its own: a log shows name and payload. */
class HandlerEvent {
  declare readonly name: string;
  declare readonly payload: unknown;
  readonly #emission: Emission;

  constructor(emission: Emission) {
    this.#emission = emission;
    this.name = emission.name;
    this.payload = emission.checked.payload;
    if (new.target === HandlerEvent) Object.freeze(this);
  }

  get emit(): (name: string, payload?: unknown) => Promise<EventReport> {
    const emission = this.#emission;
    return (name, payload) => emission.host.emitFrom(emission, name, payload);
  }
}

class InterceptorEvent extends HandlerEvent {
  readonly #emission: Emission;

  constructor(emission: Emission) {
    super(emission);
    this.#emission = emission;
    Object.freeze(this);
  }

  get abort(): (reason?: unknown) => void {
    const emission = this.#emission;
    return (reason) => {
      if (emission.isAbortable) emission.abort(reason);
    };
  }
}
