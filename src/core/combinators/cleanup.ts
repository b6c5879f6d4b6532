/**
 * `cleanup`: closes what a factory has opened, when the factory fails or when its instance is disposed.
 *
 * @module
 */

import { reportUnheard } from "../building/reporting.ts";
import { invalid, refused } from "../model/messages.ts";
import { ALIAS, type Build, type Cleanup, DONE, TRANSIENT, VALUE } from "../model/records.ts";
import type { AddCleanup } from "../types/combinator.ts";
import type { AnyToken, Dep } from "../types/dependency.ts";
import { isThenable } from "../words/thenable.ts";
import { combinator } from "./combinator.ts";

const hint = "it is for the factories of singletons and scoped services";

/**
 * Gives a function to register how something that the factory has opened is closed again: `onCleanup(() => it.close())`.
 * When the factory or `init` fails, all functions that were registered are called, the last one first, each after the
 * promise of the one before has settled. `getAsync` rejects after that, or at the deadline of a shutdown; `get` cannot
 * wait and throws at once. When nothing fails, they are called when the instance is disposed, after its `dispose`, also
 * with `dispose: false`. Errors go into the row of the service in the report.
 *
 * @example
 * ```ts
 * singleton(Replicated, [cleanup], async (onCleanup) => {
 *   const primary = await connect("primary");
 *   onCleanup(() => primary.close());
 *   const replica = await connect("replica"); // when this fails, the primary is closed
 *   onCleanup(() => replica.close());
 *   return { primary, replica };
 * });
 * ```
 *
 * @throws `INVALID_PROVIDER` when a transient declares it, or when it is resolved for one, or from outside: nothing would
 * ever be closed.
 */
export const cleanup: Dep<AddCleanup> = /* @__PURE__ */ Object.assign(
  /* @__PURE__ */ combinator("cleanup", [], (_, dependent) => {
    let service = dependent;
    // Aliases, tuples and callers are made for a service.
    while (service && service.definition.lifetime >= ALIAS) service = service.dependent;
    const lifetime = service?.definition.lifetime ?? TRANSIENT;
    if (lifetime === TRANSIENT || lifetime === VALUE) {
      const by = service
        ? `a ${service.definition.kind}, which is not built and disposed here`
        : "no factory";
      throw refused("cleanup is resolved by " + by, service?.definition.token, hint);
    }
    return adderFor(service!);
  }) as object,
  {
    check(_at: string, token?: AnyToken, lifetime?: number): void {
      if (lifetime === TRANSIENT || lifetime === VALUE)
        throw refused("cleanup is a dependency of what is not built and disposed here", token, hint);
    },
  },
) as never;

/** The function that a factory has received, so that it receives the same one when it depends on `cleanup` twice. */
const adders = /* @__PURE__ */ new WeakMap<Build, AddCleanup>();

function adderFor(service: Build): AddCleanup {
  const known = adders.get(service);
  if (known) return known;
  let steps: Step[] | undefined;
  let isOver = false;
  const cleanup: Cleanup = (dispose) => {
    isOver = true;
    if (dispose) steps!.push(dispose);
    return run(steps!);
  };
  cleanup.hurry = () => {
    for (let step; isOver && (step = steps!.pop());) runAlone(service, step);
  };
  const add: AddCleanup = (step) => {
    if (typeof step !== "function")
      throw invalid("what cleanup is given", step, service.definition.token, "give a function");
    if (isOver || service.failure) return runAlone(service, step);
    // Only what has something to close has a part in a shutdown.
    if (!steps) (service.phase < DONE ? service : service.node!).cleanup = cleanup;
    (steps ??= []).push(step);
  };
  adders.set(service, add);
  return add;
}

type Step = () => unknown;

/** Calls one step by itself: the others are over, or the deadline has passed. */
function runAlone(service: Build, step: Step): void {
  void new Promise((end) => end(run([step]))).catch((error: unknown) => reportUnheard(service, error));
}

/** Calls the steps, the last one first, and waits for each. What they throw is thrown at the end. */
function run(steps: Step[], errors: unknown[] = []): unknown {
  for (let step; (step = steps.pop());) {
    try {
      const result = step();
      if (isThenable(result)) {
        const failed = (error: unknown): void => void errors.push(error);
        return Promise.resolve(result)
          .then(undefined, failed)
          .then(() => run(steps, errors));
      }
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 1)
    throw new AggregateError(errors, `${errors.length} steps of cleaning up have failed`);
  if (errors.length > 0) throw errors[0];
  return undefined;
}
