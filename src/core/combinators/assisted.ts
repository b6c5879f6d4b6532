/**
 * `assisted`: a function that builds a service from what its caller gives and what the scope has.
 *
 * A call is a build of a transient that only this call knows, with the given values in the places of the `arg()`s. It is
 * resolved through the resolver of the dependent, as a call of `defer` is, so that paths, cycles and the order of
 * shutdown know on whose behalf it was.
 *
 * @module
 */

import { build } from "../building/resolve.ts";
import { check } from "../model/dependency.ts";
import { invalid } from "../model/messages.ts";
import { Build, type Combinator, Definition, Node, type Single, TRANSIENT } from "../model/records.ts";
import { isClassSyntax } from "../registry/provider.ts";
import { isProvided } from "../registry/registry.ts";
import type { Assisted, MakeArg } from "../types/combinator.ts";
import type { AnyToken } from "../types/dependency.ts";
import { InvalidProviderError } from "../words/errors.ts";
import { isToken, nameOf } from "../words/token.ts";
import { combinator, providerOf } from "./combinator.ts";

/**
 * Gives a function that takes a value for each {@linkcode arg} among the dependencies, in their order, and returns a new
 * instance. The other dependencies are resolved at each call, from the scope that the dependencies of the dependent
 * come from. The instance belongs to the caller, and the container does not dispose it.
 *
 * A call never waits: it throws what `scope.get` throws, and what the constructor or factory throws. The transients that
 * the constructor or factory had received by then are its own. They are disposed when it was not called, because another
 * dependency failed.
 *
 * @example
 * ```ts
 * class Report {
 *   constructor(db: Db, title: string) {}
 * }
 * const open = app.get(assisted(Report, [Db, arg<string>()]));
 * const report = open("Sales"); // new Report(db, "Sales")
 * singleton(Reports, [assisted(Report, [Db, arg<string>()])]); // its constructor gets that function
 * assisted(Mail, [Smtp, arg<string>()], (smtp, to) => smtp.to(to)); // a token needs a factory
 * ```
 *
 * @throws `INVALID_PROVIDER` when the dependencies are not a list, something in the list is neither a dependency nor an
 * `arg()`, or the factory is missing or a class.
 * @throws `ASYNC_PROVIDER`, when the function is called, if a dependency is not built yet and its factory is
 * asynchronous, or the given factory is.
 */
/* @__NO_SIDE_EFFECTS__ */
export const assisted: Assisted = ((
  token: AnyToken,
  given: unknown,
  factory?: unknown,
  options?: unknown,
) => {
  if (!isToken(token)) throw invalid("what assisted() is given", token);
  if (!Array.isArray(given))
    throw invalid("its second argument", given, token, "write a list: [Db, arg<string>()]");
  // A copy, in which holes are `undefined`, and which nobody changes.
  const list = [...(given as (Single | Arg)[])];
  check(
    list.map((it) => (it instanceof Arg ? token : it)),
    "dependencies",
    token,
    TRANSIENT,
  );
  if (typeof (factory ?? token) !== "function" || factory === null)
    throw invalid("its factory", factory, token, `write assisted(${nameOf(token)}, dependencies, factory)`);
  if (factory !== undefined && isClassSyntax(factory))
    throw invalid("its factory, a class,", factory, token, "a factory returns the instance: () => new …");
  if (options !== undefined)
    throw invalid("its last argument", options, token, "there are no options: the caller owns the instance");

  const rest = list.filter((it) => !(it instanceof Arg)) as Single[];
  const made: Combinator = combinator(
    "assisted",
    rest,
    (scope, dependent) => {
      const { get } = scope.tree.resolver(scope, dependent);
      // For `parent`, the dependencies of a call are those of the dependent.
      const { scope: home } = providerOf(scope, dependent) ?? { scope };
      return (...args: unknown[]): unknown => {
        let at = 0;
        const dependencies = list.map((it) => (it instanceof Arg ? constant(args[at++]) : it));
        const definition = new Definition(TRANSIENT, token, dependencies, factory ?? token);
        const node = new Node(definition, home);
        return get(
          combinator("call", [], (scope, dependent) => build(new Build(definition, scope, dependent, node))),
        );
      };
    },
    (scope, dependent, found) => isProvided(scope, rest, dependent, found),
  );
  return made;
}) as never;

/** A dependency that is given already. */
function constant(value: unknown): Combinator {
  return combinator("arg", [], () => value);
}

/**
 * The place of a value that the caller of an {@linkcode assisted} function gives. It stands by itself in the list of
 * dependencies of `assisted`, and is refused everywhere else.
 *
 * @example
 * ```ts
 * assisted(Report, [Db, arg<string>()]); // (title: string) => Report
 * ```
 *
 * @throws `INVALID_PROVIDER`, when it is used in another place: in a provider, inside a combinator, tuple or record, or
 * resolved.
 */
/* @__NO_SIDE_EFFECTS__ */
export const arg: MakeArg = (() => new Arg()) as never;

/**
 * What `arg` makes. Every other place where dependencies are taken checks whether it is a combinator, by this property:
 * so it is refused there at once, and the core needs not know of it.
 */
class Arg {
  get madeBy(): never {
    const hint = "it stands by itself in the list of assisted(Class, [Db, arg<string>()])";
    throw new InvalidProviderError("use arg() here", [], hint);
  }
}
