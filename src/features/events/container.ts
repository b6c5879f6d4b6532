/**
 * `containerEvents`: the life of a scope, of those below it, and of an app, as events of a bus.
 *
 * The events are those of `thimble/observe` and the hooks of `thimble/lifecycle`. What a bus adds: handlers may be
 * asynchronous, each may be removed by a signal, and there are interceptors, finalizers and `drain`. Nothing waits for
 * the handlers: a scope closes, and an app starts, while they still run.
 *
 * @module
 */

import { reportUnheard } from "../../core/building/reporting.ts";
import type { ScopeRecord } from "../../core/model/records.ts";
import type { Scope } from "../../core/types/scope.ts";
import { web } from "../../core/words/web.ts";
import type { App } from "../lifecycle/types.ts";
import {
  type BuildFailedEvent,
  observe,
  type Observer,
  type ScopeClosedEvent,
  type ScopeClosingEvent,
  type ScopeEvent,
  type UnhandledEvent,
} from "../observe.ts";
import { Bus } from "./bus.ts";
import type { Events } from "./event.ts";

/** The events of a scope and of everything below it. */
export interface ContainerEventMap {
  /** A scope was opened below it. */
  readonly opened: ScopeEvent;
  /** It begins to close, or a scope below it does. */
  readonly closing: ScopeClosingEvent;
  /** It has closed, or a scope below it has. */
  readonly closed: ScopeClosedEvent;
  /** A build has failed. */
  readonly buildFailed: BuildFailedEvent;
}

/** The events of an app and of its container. */
export interface AppEventMap extends ContainerEventMap {
  /** The app starts: what is eager is built, and services are started next. */
  readonly starting: ScopeEvent;
  /** All services have started. */
  readonly started: ScopeEvent;
  /** The app begins to stop, also after a start that has failed. */
  readonly stopping: ScopeEvent;
  /** The container has closed, and the app has stopped. */
  readonly stopped: ScopeEvent;
  /** An error reaches no caller. While nobody listens to this event, it goes where such errors go otherwise. */
  readonly unhandled: UnhandledEvent;
}

/** A bus that only a scope or an app emits on. */
export interface ContainerEvents<M extends ContainerEventMap = ContainerEventMap> extends Omit<
  Events<M>,
  "emit"
> {
  /** Ends the events. A scope that closes ends its own. */
  readonly stop: () => void;
}

/**
 * Makes a bus with the events of a scope and of everything below it; of an app, also those of its start and stop, and the
 * errors that reach no caller. Where an event comes among the hooks of an app depends on when this is called, as for the
 * hooks.
 *
 * What handlers throw is in the report that finalizers get. Where there is no finalizer, observers of the scope are told
 * of it as `unhandled`, as of the errors of an observer.
 *
 * @example
 * ```ts
 * const events = containerEvents(createApp(container));
 * events.on("started", () => console.log("ready"));
 * events.on("buildFailed", ({ payload: { token, error } }) => console.error(token.name, error));
 * events.on("closed", async ({ payload: { scope, report } }) => audit.write(scope.name, report.ok));
 * ```
 *
 * @throws `SCOPE_CLOSED` when the scope has closed.
 */
export function containerEvents(scope: Scope): ContainerEvents;
export function containerEvents(app: App): ContainerEvents<AppEventMap>;
export function containerEvents(it: Scope | App): ContainerEvents | ContainerEvents<AppEventMap> {
  const app = "container" in it ? it : undefined;
  const scope = app?.container ?? (it as Scope);
  const record = scope as unknown as ScopeRecord;
  const bus = new Bus({});

  const emit = async (name: keyof AppEventMap, event: ScopeEvent): Promise<void> => {
    const { errors } = await bus.emit(name, event);
    if (bus.finalizers.length > 0) return;
    // A handler of `unhandled` is not told of its own errors: it might fail again, without end.
    for (const error of errors) {
      if (name === "unhandled") web.reportError?.(error);
      else reportUnheard(record, error);
    }
  };

  const observer: Observer = {
    scopeOpened: (event) => void emit("opened", event),
    scopeClosing: (event) => void emit("closing", event),
    scopeClosed: (event) => void emit("closed", event),
    buildFailed: (event) => void emit("buildFailed", event),
  };
  // An observer that has this method keeps errors from `reportError`, so it has it while somebody listens.
  if (app)
    Object.defineProperty(observer, "unhandled", {
      get: () =>
        bus.isHeard("unhandled") ? (event: UnhandledEvent) => void emit("unhandled", event) : undefined,
    });
  const ends = [
    observe(scope, observer),
    app?.beforeStart(() => void emit("starting", { scope })),
    app?.afterStart(() => void emit("started", { scope })),
    app?.beforeStop(() => void emit("stopping", { scope })),
    app?.afterStop(() => void emit("stopped", { scope })),
  ];
  const stop = (): void => {
    for (const end of ends) end?.();
  };

  const { on, once, intercept, finalize, drain } = bus;
  return { on, once, intercept, finalize, drain, stop } as unknown as ContainerEvents;
}
