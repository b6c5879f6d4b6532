/**
 * The timeline of an inspector: what was built, stopped and disposed, and which scopes were opened and closed.
 *
 * The last of it is kept from the moment the inspector is made, so that a page shows how the program has started. An entry
 * has names, times and the code of an error, and never its message, which may hold a secret.
 *
 * @module
 */

import { stopSignal } from "../../core/combinators/current.ts";
import { nameOf } from "../../core/words/token.ts";
import { isContainerError } from "../../core/words/errors.ts";
import type { Scope } from "../../core/types/scope.ts";
import { observe, type ServiceEvent } from "../observe.ts";

/** Something that has happened. Plain data. */
export interface Entry {
  /** Counts from 1. */
  readonly id: number;
  /** In milliseconds since 1970. */
  readonly time: number;
  readonly type: "built" | "failed" | "stopped" | "disposed" | "opened" | "closed";
  readonly scope: string;
  readonly scopeId: string;
  readonly token?: string;
  /** How long it took, in milliseconds. */
  readonly elapsed?: number;
  /** Stopping or disposing has failed. */
  readonly bad?: true;
  /** The code of an error of this library. */
  readonly code?: string;
}

/** How many entries are kept. */
const room = 500;

export class Timeline {
  readonly entries: Entry[] = [];
  /** Told of each new entry. `undefined` ends them: the scope stops, and nothing may hold a server up. */
  readonly listeners: Set<(entry: Entry | undefined) => void> = new Set();
  isOver = false;
  #count = 0;

  constructor(scope: Scope) {
    // A closed scope tells nothing any more.
    if (scope.state === "closed" || scope.state === "closing") {
      this.isOver = true;
      return;
    }
    observe(scope, {
      built: (event) => this.#add("built", event),
      buildFailed: (event) => this.#add("failed", event),
      stopped: (event) => this.#add("stopped", event),
      disposed: (event) => this.#add("disposed", event),
      scopeOpened: (event) => this.#add("opened", event),
      scopeClosed: (event) => this.#add("closed", event),
    });
    const signal = scope.get(stopSignal) as AbortSignal | undefined;
    if (signal?.aborted) this.#end();
    else signal?.addEventListener("abort", () => this.#end(), { once: true });
  }

  #add(
    type: Entry["type"],
    event: Partial<ServiceEvent> & { readonly scope: Scope; elapsed?: number; error?: unknown },
  ): void {
    const { scope, token, elapsed, error } = event;
    const entry: { -readonly [Key in keyof Entry]: Entry[Key] } = {
      id: ++this.#count,
      time: Date.now(),
      type,
      scope: scope.name,
      scopeId: scope.id,
    };
    if (token) entry.token = nameOf(token);
    if (elapsed !== undefined) entry.elapsed = elapsed;
    if ("error" in event) {
      entry.bad = true;
      if (isContainerError(error)) entry.code = error.code;
    }
    this.entries.push(entry);
    if (this.entries.length > room) this.entries.shift();
    for (const listener of this.listeners) listener(entry);
  }

  #end(): void {
    this.isOver = true;
    for (const listener of this.listeners) listener(undefined);
    this.listeners.clear();
  }
}
