/**
 * The container of an isolate: one for all events, made by the first of them.
 *
 * Events of an isolate run in contexts of their own, and share objects. What one of them has begun stands still for ever
 * when that event is over. So a build that others wait for is given up after a time, and what an event has begun is waited
 * for before the event ends.
 *
 * @module
 */

import { buildAnew, finishLate, giveUp, pendingBuildsOf } from "../../core/building/give-up.ts";
import { progressOf } from "../../core/building/waiting.ts";
import { type Build, DONE, type ScopeRecord, type Waiter } from "../../core/model/records.ts";
import type { Scope } from "../../core/types/scope.ts";
import { provideBindings } from "./bindings.ts";
import { nodeOfIo } from "./io.ts";

/** Makes the container. Workers and entrypoints that are given the very same function share one. */
export type MakeContainer<Env, Has> = (env: Env) => Scope<Has>;

/** A container, and how long builds in it may take whose event may be over, in milliseconds. */
export interface Isolate {
  readonly container: Scope;
  readonly buildTimeout: number;
}

const isolates = /* @__PURE__ */ new WeakMap<MakeContainer<never, never>, Isolate>();

/** The container that the function makes. A failure is not remembered: the next event tries again. */
export function isolateOf(make: MakeContainer<never, never>, env: unknown, buildTimeout: number): Isolate {
  let isolate = isolates.get(make);
  if (!isolate) {
    const container = madeBy(make as (env: never) => Scope, env);
    const { tree } = container as unknown as ScopeRecord;
    tree.nodeOfIo = nodeOfIo;
    tree.finishLate = finishLate;
    tree.joined = (waiter, other, step) => limitJoin(waiter, other, step, buildTimeout);
    isolate = { container, buildTimeout };
    isolates.set(make, isolate);
  }
  return isolate;
}

/** Calls the function that makes a container, and adds the bindings. */
export function madeBy(make: (...args: never[]) => Scope, ...args: unknown[]): Scope {
  const container = make(...(args as never[]));
  if (typeof (container as Scope | undefined)?.createScope !== "function")
    throw new TypeError(
      "The option container is a function that returns a container: (env) => createContainer(…)",
    );
  const env = args.at(-1);
  if (Object(env) === env) provideBindings(container, env as object);
  return container;
}

/** Builds anew what another event has begun, when that has not gone on for too long. */
function limitJoin(waiter: Waiter, other: Build, step: Promise<void>, ms: number): void {
  const timer = setTimeout(() => buildAnew(waiter, other), ms);
  void step.then(() => clearTimeout(timer));
}

/** Waits for what is being built in the container, but not for ever: some of it may belong to an event that is over. */
export async function buildsEnded({ container, buildTimeout }: Isolate): Promise<void> {
  const pending: Build[] = [];
  for (let at: Scope | undefined = container; at; at = at.parent)
    pending.push(...pendingBuildsOf(at as unknown as ScopeRecord));
  if (pending.length === 0) return;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isLate = false as boolean;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(() => {
      isLate = true;
      resolve();
    }, buildTimeout);
  });
  for (const it of pending) {
    while (it.phase < DONE && !isLate && !it.isGivenUp)
      await Promise.race([it.over ?? progressOf(it) ?? late, late]);
  }
  clearTimeout(timer);
  for (const it of pending) if (it.phase < DONE) giveUp(it);
}
