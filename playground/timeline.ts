/**
 * What a container did, in order: scopes that open and close, services that are
 * built and disposed. Plain data, so that a page can draw it and a server send it.
 *
 * It remembers the last few hundred moments and counts all of them: a playground
 * may run for days.
 */
import { optional, type Scope } from "thimble";
import { observe } from "thimble/observe";
import { CurrentRequest } from "./request.ts";

export type What =
  | "opened"
  | "closing"
  | "closed"
  | "building"
  | "built"
  | "failed"
  | "stopping"
  | "stopped"
  | "disposing"
  | "disposed";

export interface Moment {
  /** Numbers the moments, from 1. */
  readonly seq: number;
  /** Milliseconds since the timeline began. */
  readonly at: number;
  readonly what: What;
  readonly scope: string;
  readonly scopeId: string;
  readonly parentId?: string;
  /** What the scope is for: "POST /links". */
  readonly label?: string;
  readonly token?: string;
  readonly elapsed?: number;
  readonly error?: string;
}

/** The part of an observer's event that a moment is made from. */
interface Happening {
  readonly scope: Scope;
  readonly token?: { readonly name: string };
  readonly elapsed?: number;
  readonly error?: unknown;
}

export class Timeline {
  readonly #began: number;
  readonly #moments: Moment[] = [];
  readonly #listeners = new Set<(moment: Moment) => void>();
  readonly #labels = new WeakMap<Scope, string>();
  readonly #counts = { opened: 0, closed: 0 };
  #seq = 0;

  /** @param began What its times are counted from, by the clock of `performance`. */
  constructor(began: number = performance.now()) {
    this.#began = began;
  }

  /** Scopes opened and closed so far, without the container itself. */
  get counts(): { readonly opened: number; readonly closed: number } {
    return this.#counts;
  }

  /** Milliseconds since the timeline began: the moment that now would be. */
  get now(): number {
    return performance.now() - this.#began;
  }

  /** Begins to record what happens in `container`. Returns the way out. */
  watch(container: Scope): () => void {
    this.#add("opened", { scope: container });
    return observe(container, {
      scopeOpened: (event) => {
        this.#counts.opened++;
        this.#label(event.scope);
        this.#add("opened", event);
      },
      scopeClosing: (event) => this.#add("closing", event),
      scopeClosed: (event) => {
        if (event.scope !== container) this.#counts.closed++;
        this.#add("closed", event);
      },
      building: (event) => this.#add("building", event),
      built: (event) => this.#add("built", event),
      buildFailed: (event) => this.#add("failed", event),
      stopping: (event) => this.#add("stopping", event),
      stopped: (event) => this.#add("stopped", event),
      disposing: (event) => this.#add("disposing", event),
      disposed: (event) => this.#add("disposed", event),
    });
  }

  /** The moments after the one numbered `seq`, as far as they are remembered. */
  since(seq: number): readonly Moment[] {
    return this.#moments.filter((moment) => moment.seq > seq);
  }

  latest(count: number): readonly Moment[] {
    return this.#moments.slice(-count);
  }

  /** Calls `listener` at each moment. Returns the way out. */
  onMoment(listener: (moment: Moment) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Read while the scope is open: a closed one answers nothing. */
  #label(scope: Scope): void {
    const request = scope.get(optional(CurrentRequest));
    if (request) this.#labels.set(scope, `${request.method} ${new URL(request.url).pathname.slice(0, 40)}`);
  }

  #add(what: What, { scope, token, elapsed, error }: Happening): void {
    const label = this.#labels.get(scope);
    const moment: Moment = {
      seq: ++this.#seq,
      at: this.now,
      what,
      scope: scope.name,
      scopeId: scope.id,
      ...(scope.parent && { parentId: scope.parent.id }),
      ...(label !== undefined && { label }),
      ...(token && { token: token.name }),
      ...(elapsed !== undefined && { elapsed }),
      ...(error !== undefined && { error: String(error) }),
    };
    this.#moments.push(moment);
    if (this.#moments.length > 500) this.#moments.shift();
    for (const listener of this.#listeners) listener(moment);
  }
}

/** One moment as a line of text. */
export function sentence({ what, scopeId, label, token, elapsed, error }: Moment): string {
  const scope = label ? `${scopeId} (${label})` : scopeId;
  const subject = token ? `${token} in ${scope}` : scope;
  return `${what} ${subject}${elapsed === undefined ? "" : `, ${elapsed.toFixed(1)} ms`}${error === undefined ? "" : `: ${error}`}`;
}
