/**
 * How a call failed, as a value that a test can look at.
 *
 * `thrown` and `rejected` give back anything, `refusal` and `laterRefusal` only the container's own errors: a
 * TypeError that happens to be thrown where a refusal was due then fails the test by saying what it was.
 *
 * @module
 */

import { isContainerError, type ContainerError } from "thimble";

export function thrown(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  throw new Error("it was expected to throw, and returned");
}

export function rejected(promise: PromiseLike<unknown>): Promise<unknown> {
  return Promise.resolve(promise).then(
    () => {
      throw new Error("it was expected to reject, and resolved");
    },
    (error: unknown) => error,
  );
}

export function refusal(act: () => unknown): ContainerError {
  return ours(thrown(act));
}

export async function laterRefusal(promise: PromiseLike<unknown>): Promise<ContainerError> {
  return ours(await rejected(promise));
}

/** A path as people read it: `app > mailer > smtp`. */
export function route(path: ContainerError["path"]): string {
  return path.map((step) => step.token).join(" > ");
}

function ours(error: unknown): ContainerError {
  if (isContainerError(error)) return error as ContainerError;
  throw new Error(`the container was expected to refuse, but this was thrown: ${String(error)}`, {
    cause: error,
  });
}
