/**
 * Draws the last seconds as threads: one lane for each scope, as long as it was open,
 * with its builds and disposals on it where they happened.
 *
 * Positions are custom properties set from script, which `style-src 'self'` allows;
 * a style attribute it would not.
 */
import { element, setState, setText } from "./element.js";
import { WINDOW } from "./lives.js";

const LANES = 7;

export class Chart {
  #host;
  #lanes = new Map();
  #marks = new WeakMap();

  /** @param {HTMLElement} host */
  constructor(host) {
    this.#host = host;
    const ticks = [10, 8, 6, 4, 2, 0].map((ago) => {
      const tick = element("span", {}, ago === 0 ? "now" : `−${ago} s`);
      tick.style.setProperty("--at", String(1 - (ago * 1_000) / WINDOW));
      return tick;
    });
    host.replaceChildren(element("div", { className: "axis" }, ...ticks));
  }

  /**
   * @param {import("./lives.js").Life[]} lives
   * @param {number} now
   */
  draw(lives, now) {
    const [container, ...requests] = lives.filter(
      ({ closedAt }) => closedAt === undefined || now - closedAt < WINDOW,
    );
    const shown = [...(container ? [container] : []), ...requests.slice(-LANES)];

    for (const [id, lane] of this.#lanes) {
      if (shown.some((life) => life.id === id)) continue;
      lane.row.remove();
      this.#lanes.delete(id);
    }
    for (const life of shown) this.#drawLane(life, now);
  }

  #drawLane(life, now) {
    let lane = this.#lanes.get(life.id);
    if (!lane) {
      const thread = element("div", { className: "thread" });
      const track = element("div", { className: "track" }, thread);
      const label = element("span", { className: "lane-label" });
      lane = { row: element("div", { className: "lane" }, label, track), track, thread, label };
      this.#lanes.set(life.id, lane);
      this.#host.append(lane.row);
    }
    setText(lane.label, life.label ?? life.name);
    setState(lane.row, life.state);
    place(lane.thread, life.openedAt, life.closedAt, now);

    for (const work of life.work) {
      let mark = this.#marks.get(work);
      if (!mark) {
        mark = element("span", {
          className: "mark",
          dataset: { kind: work.kind },
          title: `${work.kind}: ${work.token}`,
        });
        this.#marks.set(work, mark);
        lane.track.append(mark);
      }
      place(mark, work.from, work.to, now);
    }
    // Marks of work that has been forgotten lie left of the window; they go when the lane does, or here.
    while (lane.track.childElementCount > 1 + life.work.length) lane.track.children[1].remove();
  }
}

function place(node, from, to, now) {
  const share = (at) => Math.min(1, Math.max(0, 1 - (now - at) / WINDOW));
  node.style.setProperty("--from", share(from).toFixed(4));
  node.style.setProperty("--to", share(to ?? now).toFixed(4));
}
