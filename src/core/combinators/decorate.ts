/**
 * `decorate`: a provider whose instance is passed through a function before anyone receives it.
 *
 * @module
 */

import { finishBuild } from "../building/finish.ts";
import { continueAfter } from "../building/resolve.ts";
import { runAs } from "../building/running.ts";
import { suspend } from "../building/waiting.ts";
import { check } from "../model/dependency.ts";
import { invalid, refused } from "../model/messages.ts";
import { ALIAS, type Build, Definition, type Dependencies, TRANSIENT } from "../model/records.ts";
import { isClassSyntax } from "../registry/provider.ts";
import { isDefinition } from "../registry/registry.ts";
import type { Decorate } from "../types/combinator.ts";
import { isThenable } from "../words/thenable.ts";

type Decorator = (instance: unknown, ...dependencies: unknown[]) => unknown;

/**
 * Makes a provider of a provider: what that one builds is passed through `fn`, which receives the instance and the
 * dependencies, and whose result everybody receives instead. Token, lifetime, options and place stay those of the
 * original. Its instance stays its own: `init`, `stop` and `dispose` receive that, and what `fn` returns is never
 * disposed. When `fn` fails, the original is disposed. `fn` may be asynchronous, and several decorators may be stacked.
 *
 * An alias builds nothing and is returned as it is, so that a whole group may be decorated without decorating what is
 * behind an alias twice.
 *
 * @example
 * ```ts
 * const traced = (service: Mailer, tracer: Tracer) => tracer.wrap(service);
 *
 * decorate(singleton(Mailer, [Config], connect), [Tracer], traced);
 * group.map((it) => decorate(it, [Tracer], traced)); // every provider of a group
 * ```
 *
 * @throws `INVALID_PROVIDER` when it is not given a provider, a list of dependencies and a function.
 */
/* @__NO_SIDE_EFFECTS__ */
export const decorate: Decorate = ((provider: Definition, dependencies: Dependencies, fn: Decorator) => {
  if (!isDefinition(provider)) {
    const hint = "give one provider; for a group write group.map((it) => decorate(it, …))";
    throw invalid("what decorate() is given", provider, undefined, hint);
  }
  const { lifetime, token, dependencies: before, make, options, arity } = provider;
  const hint = "write decorate(provider, [dependencies], (instance, …) => …)";
  if (!Array.isArray(dependencies))
    throw invalid("what should be the list of dependencies of its decorator", dependencies, token, hint);
  check(dependencies, "dependencies", token, lifetime);
  if (typeof fn !== "function") throw invalid("its decorator", fn, token, hint);
  if (isClassSyntax(fn))
    throw refused("its decorator is a class", token, `return an instance of it: (instance, …) => new …`);
  if (lifetime === ALIAS) return provider;

  const all = [...before, ...dependencies];
  const originals = lifetime === TRANSIENT ? new WeakMap<object, unknown>() : undefined;

  /** Passes the instance through `fn`, and hands the result to `next`. */
  function pass(build: Build, instance: unknown, next: typeof finishBuild): unknown {
    const original = (build.original ??= { value: instance });
    // Nobody has received the original. If `fn` fails, the container has to dispose it.
    build.made = original;
    const given = build.values.slice(before.length, all.length);
    const result = runAs(build, () => fn(instance, ...given));
    const finish = (_: Build, value: unknown): unknown => {
      if (Object(value) === value) originals?.set(value as object, original.value);
      return next(build, value);
    };
    if (!isThenable(result)) return finish(build, result);
    build.progress = continueAfter(build, result, finish);
    return suspend(build);
  }

  const { wrap: inner } = options;
  return new Definition(
    lifetime,
    token,
    all,
    make,
    {
      ...options,
      wrap: (build, value, next = finishBuild) =>
        inner
          ? inner(build, value, (_, decorated) => pass(build, decorated, next))
          : pass(build, value, next),
      originalOf: (value) => originals?.get(value as object) ?? value,
    },
    arity,
  );
}) as never;
