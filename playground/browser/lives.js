/**
 * The lives of scopes, told from the moments of a timeline: what is open, what each
 * scope has built, and when. It draws nothing, and forgets what nobody will look at.
 *
 * @typedef {object} Service
 * @property {string} token
 * @property {"building" | "built" | "failed" | "stopping" | "stopped" | "disposing" | "disposed" | "gone" | "abandoned"} state  gone: let go, with nothing to undo
 * @property {number} [took]  how long the last step took, in milliseconds
 *
 * @typedef {object} Work  a build, a stop or a disposal, on the time axis
 * @property {"build" | "stop" | "disposal"} kind
 * @property {string} token
 * @property {number} from
 * @property {number} [to]
 * @property {boolean} [failed]
 *
 * @typedef {object} Life
 * @property {string} id
 * @property {string} name
 * @property {string} [label]
 * @property {string} [parentId]
 * @property {"open" | "closing" | "closed"} state
 * @property {number} openedAt
 * @property {number} [closedAt]
 * @property {Map<string, Service>} services
 * @property {Work[]} work
 */

/** How far back the chart looks, in milliseconds. */
export const WINDOW = 12_000;

/** What is under way from here on, and what ends it. */
export const begins = new Set(["building", "stopping", "disposing"]);
export const ends = new Set(["built", "failed", "stopped", "disposed"]);

const kinds = { building: "build", stopping: "stop", disposing: "disposal" };

export class Lives {
  /** @type {Map<string, Life>} */
  #lives = new Map();
  #lastAt = 0;

  opened = 0;
  closed = 0;

  /** Oldest first; the container itself is the first of all. */
  get all() {
    return [...this.#lives.values()];
  }

  get open() {
    return this.all.filter(({ state, parentId }) => parentId && state !== "closed").length;
  }

  /** Whether anything on the chart still moves. */
  stirs(now) {
    return this.open > 0 || now - this.#lastAt < WINDOW;
  }

  /** @param {import("../timeline.ts").Moment} moment */
  add({ what, at, scope, scopeId, parentId, label, token, elapsed, error }) {
    this.#lastAt = at;
    // A timeline may begin in the middle, when the page joins a server that has run for a while.
    let life = this.#lives.get(scopeId);
    if (!life) {
      life = {
        id: scopeId,
        name: scope,
        label,
        parentId,
        state: "open",
        openedAt: at,
        services: new Map(),
        work: [],
      };
      this.#lives.set(scopeId, life);
      if (parentId) this.opened++;
    }

    switch (what) {
      case "closing":
        life.state = "closing";
        break;
      case "closed":
        life.state = "closed";
        life.closedAt = at;
        for (const service of life.services.values()) {
          if (service.state === "built" || service.state === "stopped") service.state = "gone";
          if (service.state === "disposing") service.state = "abandoned";
        }
        for (const work of life.work) {
          if (work.to !== undefined) continue;
          work.to = at;
          work.failed = true;
        }
        if (parentId) this.closed++;
        break;
      case "building":
      case "stopping":
      case "disposing":
        life.services.set(token, { token, state: what });
        life.work.push({ kind: kinds[what], token, from: at });
        break;
      case "built":
      case "failed":
      case "stopped":
      case "disposed": {
        life.services.set(token, { token, state: what, took: elapsed });
        // A build may fail after what it has made was disposed, because `init` failed.
        const all = life.work.filter((it) => it.token === token);
        const work =
          what === "failed"
            ? all.findLast(({ kind }) => kind === "build")
            : all.findLast(({ to }) => to === undefined);
        if (work) {
          work.to ??= at;
          if (what === "failed" || error !== undefined) work.failed = true;
        }
        break;
      }
    }
  }

  /** Lets go of scopes that closed long ago, but for the last few, so that a quiet page is not an empty one. */
  forget(now) {
    const gone = this.all.filter(({ parentId, closedAt }) => parentId && closedAt !== undefined);
    for (const { id, closedAt } of gone.slice(0, -4)) {
      if (now - closedAt > WINDOW) this.#lives.delete(id);
    }
    for (const life of this.#lives.values()) {
      life.work = life.work.filter(({ to }) => to === undefined || now - to < WINDOW);
    }
  }
}
