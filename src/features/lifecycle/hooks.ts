/**
 * The hooks of an app, and in which order those of a phase are called.
 *
 * @module
 */

import type { App, AppHook } from "./types.ts";

type Phase = "beforeStart" | "afterStart" | "beforeStop" | "afterStop";

export class Hooks {
  readonly #app: App;
  readonly #all: Record<Phase, AppHook[]> = {
    beforeStart: [],
    afterStart: [],
    beforeStop: [],
    afterStop: [],
  };

  constructor(app: App) {
    this.#app = app;
  }

  /** Adds a hook. Returns what removes it. */
  add(phase: Phase, hook: AppHook): () => void {
    if (typeof hook !== "function") throw new TypeError(`${phase} takes a function`);
    // A function of our own, so that one hook given twice is two.
    const added: AppHook = (app) => hook(app);
    this.#all[phase].push(added);
    return () => {
      this.#all[phase] = this.#all[phase].filter((it) => it !== added);
    };
  }

  /**
   * Gives the hooks of a phase one by one: the last added first before something, the first added first after it. They are
   * those that are there now, except for what is removed before its turn.
   */
  *of(phase: Phase): Iterable<() => unknown> {
    const hooks = [...this.#all[phase]];
    if (phase.startsWith("before")) hooks.reverse();
    for (const hook of hooks) if (this.#all[phase].includes(hook)) yield () => hook(this.#app);
  }
}
