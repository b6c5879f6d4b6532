/**
 * A hand-made source of signals, in the shape of the contract, so that the same situations run in every runtime.
 *
 * @module
 */

import type { Signals, StopReason } from "thimble/generic";

export interface Asker extends Pick<Signals, "onStop"> {
  ask(reason: StopReason): void;
  /** How many listen. */
  readonly listening: number;
}

/** Somebody who can ask to stop as often as they like. */
export function asker(): Asker {
  const listeners = new Set<(reason: StopReason) => void>();
  return {
    onStop(listener: (reason: StopReason) => void) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    ask(reason: StopReason) {
      for (const listener of listeners) listener(reason);
    },
    get listening() {
      return listeners.size;
    },
  };
}
