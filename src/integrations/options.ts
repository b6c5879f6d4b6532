/**
 * The options that the integrations have in common, and the check of what was written for them.
 *
 * @module
 */

import { ContainerError } from "../core/words/errors.ts";

/** Options of `scopePerRequest`. */
export interface RequestScopeOptions<R = unknown> {
  /**
   * The name of the scopes, in paths and reports and for the option `in` of a provider.
   *
   * @default "request"
   */
  readonly name?: string | undefined;
  /**
   * When the scope of a request ends. With `"handler"` it ends when the handler has returned, and the response is passed on
   * as it is once the scope has closed: for responses whose body needs no service of the scope any more.
   *
   * @default when the response has been sent or its client has left
   */
  readonly scopeEnds?: "handler" | undefined;
  /**
   * How long to wait for somebody to begin to read the body of a response, in milliseconds. After that the body is
   * cancelled and the scope closes. It only counts where the body is the sole sign of the end of a response. When the
   * `signal` of the request tells that its client left while the handler was at work, a second is enough.
   *
   * @default 10_000
   */
  readonly abandonAfter?: number | undefined;
  /**
   * Tells why a response means that the handler has failed, for frameworks that turn errors into responses. What it returns
   * is the `reason` that the disposers of the scope receive, `true` stands for an `Error` that says so, and anything
   * falsy means that the handler has not failed. It has to tell at once: a promise is refused. Call `fail` where that has
   * to be found out.
   *
   * @default the status is 500 or higher
   */
  readonly failed?: ((response: R) => unknown) | undefined;
}

/** A handler gave something that is no response, or one whose body is used already. */
export class InvalidResponseError extends ContainerError {
  static override readonly code = "INVALID_RESPONSE";
}

/** Nobody has begun to read the body of a response in time. */
export class BodyAbandonedError extends ContainerError {
  static override readonly code = "BODY_ABANDONED";
}

const checks: Record<string, readonly [says: string, holds: (it: any) => boolean]> = {
  name: ["a text", (it) => typeof it === "string"],
  scopeEnds: ['"handler", or left out', (it) => it === "handler"],
  // A timer that is given more than this fires at once.
  grace: [
    "a number of milliseconds, less than 2147483648",
    (it) => typeof it === "number" && it >= 0 && it < 2 ** 31,
  ],
  abandonAfter: ["a number of milliseconds", (it) => typeof it === "number" && it >= 0],
  failed: ["a function of the response", (it) => typeof it === "function"],
};

/** Refuses what is no scope, no function or no option, before the first request comes. `known` are the options there are. */
export function checkOptions(
  container: unknown,
  options: object,
  known: readonly string[] = ["name", "scopeEnds", "abandonAfter", "failed"],
): void {
  if (typeof (container as { createScope?: unknown } | undefined)?.createScope !== "function")
    throw new TypeError("scopePerRequest takes a container, and then the rest");
  if (typeof options !== "object" || options === null) throw new TypeError("the options are an object");
  for (const [name, it] of Object.entries(options)) {
    if (!known.includes(name))
      throw new TypeError(`scopePerRequest has no option "${name}": it has ${known.join(", ")}`);
    const [says, holds] = checks[name]!;
    if (it !== undefined && !holds(it)) throw new TypeError(`the option "${name}" is ${says}`);
  }
}
