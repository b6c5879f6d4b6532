/**
 * Draws a whole run: a lane for each scope and one for each of its services, with builds, stops and disposals where they
 * happened and the time between them in which the instance was there.
 *
 * Somebody may read for a minute before closing a scope by hand. Time in which nothing is under way is drawn short, so that
 * what happened stays visible.
 */
import { duration, element, setState, setText } from "../element.js";
import { begins, ends } from "../lives.js";

/** So much is drawn of a time in which nothing is under way, in milliseconds. */
const idle = 250;
/** A run is drawn as if it had taken as long as this at least. */
const least = 150;
/** Lanes beyond these are not drawn. */
const most = 150;

/** Time as it is drawn. */
export class Clock {
  #points = [{ at: 0, shown: 0 }];
  /** How much is under way in each scope. */
  #underWay = new Map();

  /** @param {import("../../timeline.ts").Moment} moment */
  add({ at, what, scopeId }) {
    this.#points.push({ at, shown: this.shown(at) });
    const underWay = this.#underWay.get(scopeId) ?? 0;
    if (begins.has(what)) this.#underWay.set(scopeId, underWay + 1);
    if (ends.has(what)) this.#underWay.set(scopeId, Math.max(0, underWay - 1));
    // What is abandoned never ends.
    if (what === "closed") this.#underWay.delete(scopeId);
  }

  /** Whether something is being built, stopped or disposed. */
  get isBusy() {
    return [...this.#underWay.values()].some((count) => count > 0);
  }

  shown(at) {
    const last = this.#points.at(-1);
    if (at >= last.at) return last.shown + (this.isBusy ? at - last.at : Math.min(at - last.at, idle));
    const index = this.#points.findLastIndex((point) => point.at <= at);
    const [before, after] = this.#points.slice(index, index + 2);
    return before.shown + ((at - before.at) / (after.at - before.at)) * (after.shown - before.shown);
  }
}

const verbs = { build: "built", stop: "stopped", disposal: "disposed" };

export class Threads {
  #host;
  #lanes = new Map();
  #bars = new WeakMap();

  /** @param {HTMLElement} host */
  constructor(host) {
    this.#host = host;
    host.replaceChildren();
  }

  /**
   * @param {import("../lives.js").Life[]} lives
   * @param {Clock} clock
   * @param {number} now
   */
  draw(lives, clock, now) {
    const total = Math.max(clock.shown(now), least);
    const share = (at) => clock.shown(at) / total;
    for (const life of lives) {
      const lane = this.#lane(life.id, undefined, life.label ?? life.id);
      if (!lane) return;
      setState(lane.row, life.state);
      place(lane.thread, share(life.openedAt), share(life.closedAt ?? now));
      for (const { token } of life.services.values()) this.#drawService(life, token, share, now);
    }
  }

  #drawService(life, token, share, now) {
    const lane = this.#lane(`${life.id}\n${token}`, life.id, token);
    if (!lane) return;
    const work = life.work.filter((it) => it.token === token);
    setState(lane.row, life.services.get(token).state);
    const built = work.find(({ kind, to, failed }) => kind === "build" && to !== undefined && !failed);
    const ended = work.findLast(({ kind }) => kind === "disposal")?.from ?? life.closedAt ?? now;
    place(lane.thread, built ? share(built.to) : 0, built ? share(ended) : 0);
    for (const it of work) {
      let bar = this.#bars.get(it);
      if (!bar) {
        bar = element("span", { className: "mark", dataset: { kind: it.kind } });
        this.#bars.set(it, bar);
        lane.track.append(bar);
      }
      if (it.failed) bar.dataset.failed = "";
      const took = duration((it.to ?? now) - it.from);
      const title =
        it.to === undefined
          ? `${it.kind} under way`
          : `${it.failed ? `${it.kind} failed` : verbs[it.kind]} in ${took}`;
      if (bar.title !== title) bar.title = title;
      place(bar, share(it.from), share(it.to ?? now));
    }
    const last = work.at(-1);
    setText(lane.took, last ? duration((last.to ?? now) - last.from) : "");
  }

  #lane(key, after, label) {
    let lane = this.#lanes.get(key);
    if (lane || this.#lanes.size >= most) return lane;
    const thread = element("span", { className: "thread" });
    const track = element("span", { className: "track" }, thread);
    const took = element("span", { className: "took" });
    const row = element("div", { className: after === undefined ? "lane of-scope" : "lane" });
    row.append(element("span", { className: "lane-label", title: label }, label), track, took);
    lane = { row, thread, track, took, last: row };
    this.#lanes.set(key, lane);
    const scope = after === undefined ? undefined : this.#lanes.get(after);
    if (scope) {
      scope.last.after(row);
      scope.last = row;
    } else this.#host.append(row);
    return lane;
  }
}

function place(node, from, to) {
  node.style.setProperty("--from", from.toFixed(4));
  node.style.setProperty("--to", Math.max(from, to).toFixed(4));
}
