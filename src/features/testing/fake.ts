/**
 * `fake`: a stand-in for a service that has only the members that a test needs.
 *
 * The stand-in is a proxy over the members that it was given. It throws when another one is read, because a mock that
 * answers `undefined` fails later, far from the reason.
 *
 * @module
 */

import { isPlain } from "../../core/model/dependency.ts";
import { invalid, isNear } from "../../core/model/messages.ts";
import { value } from "../../core/registry/provider.ts";
import type { AnyToken, Identity, Value } from "../../core/types/dependency.ts";
import type { Provider } from "../../core/types/provider.ts";
import { ContainerError } from "../../core/words/errors.ts";
import { nameOf } from "../../core/words/token.ts";

/** A member of a fake was used that the test did not give. */
export class NotFakedError extends ContainerError {
  static override readonly code = "NOT_FAKED";
}

/** Some of the public members of a service. A function, or a primitive value, has no members that could stand in for it. */
export type FakeMembers<T> = T extends object
  ? T extends (...args: never[]) => unknown
    ? GivenAsValue
    : { readonly [K in keyof T]?: T[K] }
  : GivenAsValue;

/** What the compiler names when a service is a function or a primitive value. */
export interface GivenAsValue {
  readonly "a function cannot be faked: write value(token, function)": never;
}

/**
 * Makes a provider of a stand-in for a service. Reading or calling a member that it was not given throws an error that
 * names the member. A class with private members can be faked too, and its fake is an `instanceof` the class.
 *
 * Members are read from `members` each time, so a mock function is found there as it is, and a member that is set on the
 * stand-in is set there. Within a method, `this` is the stand-in. Symbols, and the few names that consoles, `await` and
 * test runners look up on every object (`then`, `toJSON`, `asymmetricMatch`, …), are `undefined` when they are not given.
 *
 * @example
 * ```ts
 * testContainer(providers, { override: [fake(Db, { query: async () => ["Ada"] })] });
 * // app.get(Db).close() throws: NotFakedError: Cannot use "close" of the fake "Db"
 * ```
 *
 * @param members A plain object. An instance that is a whole service is given with `value(token, instance)`.
 * @throws `INVALID_PROVIDER` when `token` is not a token or `members` is not a plain object.
 * @throws `NOT_FAKED` from the stand-in, when a member is read that it was not given.
 */
export function fake<K extends AnyToken>(
  token: K,
  members: FakeMembers<Value<K>>,
): Provider<Identity<K>, never, "value"> {
  if (!isPlain(members))
    throw invalid(
      "what fake() is given",
      members,
      token,
      "write fake(Db, { query: … }), or value(Db, instance)",
    );
  return value(token, new Proxy<object>(members, handlerFor(token)) as never) as never;
}

function handlerFor(token: AnyToken): ProxyHandler<object> {
  return {
    get(members, key, receiver) {
      if (key in members || typeof key === "symbol" || isLookedUpEverywhere(key))
        return Reflect.get(members, key, receiver);
      const names = Object.keys(members);
      const near = names.find((name) => isNear(name, key));
      const name = nameOf(token);
      throw new NotFakedError(
        `use "${key}" of the fake "${name}": it was not given`,
        [{ token: name, scope: "" }],
        near ? `did you mean "${near}"?` : `write fake(${name}, { ${[...names, key].join(", ")} })`,
      );
    },
    // So that it is an `instanceof` the class. A frozen object may not say that it has another prototype.
    getPrototypeOf: (members) =>
      typeof token === "function" && Object.isExtensible(members)
        ? (token.prototype as object)
        : Reflect.getPrototypeOf(members),
  };
}

/** Names that are looked up on every object: by `await` and JSON, and by the consoles and matchers of test runners. */
function isLookedUpEverywhere(key: string): boolean {
  return names.includes(key) || key.startsWith("@@__");
}

const names = ["then", "toJSON", "asymmetricMatch", "$$typeof", "nodeType", "tagName", "_isMockFunction"];
