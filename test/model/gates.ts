/**
 * Gates: promises that the steps of a program settle, one after the other, so that no clock takes part.
 *
 * @module
 */

export class Gates {
  readonly #closed: { readonly name: string; open(this: void): void }[] = [];

  /** Pending until the gate is opened. */
  wait(name: string): Promise<void> {
    return new Promise((open) => this.#closed.push({ name, open }));
  }

  get size(): number {
    return this.#closed.length;
  }

  /** Opens one of those that are closed, the n-th of them. Gives its name. */
  open(nth: number): string | undefined {
    const [gate] = this.#closed.splice(nth % Math.max(1, this.#closed.length), 1);
    gate?.open();
    return gate?.name;
  }
}

/** Waits until nothing has happened for longer than any chain of promises between two happenings. */
export async function rest(clock: () => number): Promise<void> {
  let seen = -1;
  for (let quiet = 0; quiet < 60; quiet++) {
    if (seen !== clock()) quiet = 0;
    seen = clock();
    await undefined;
  }
}
