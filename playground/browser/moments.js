/**
 * Writes the moments down, newest first. What begins and ends, a build, a stop or
 * a disposal, is one row: it says "building" until it can say "built", and how long that took.
 */
import { duration, element, setText } from "./element.js";
import { begins, ends } from "./lives.js";

const KEPT = 80;

export class MomentList {
  #list;
  /** Rows of what has not ended. */
  #begun = new Map();

  /** @param {HTMLElement} list */
  constructor(list) {
    this.#list = list;
  }

  clear() {
    this.#list.replaceChildren();
    this.#begun.clear();
  }

  /** @param {import("../timeline.ts").Moment} moment */
  add(moment) {
    const { what, scopeId, token } = moment;
    const key = `${scopeId} ${token}`;
    const row = this.#begun.get(key);
    if (row && ends.has(what)) {
      this.#begun.delete(key);
      finish(row, moment);
      return;
    }

    const made = makeRow(moment);
    if (begins.has(what)) this.#begun.set(key, made);
    this.#list.prepend(made.item);
    while (this.#list.childElementCount > KEPT) this.#list.lastElementChild.remove();
  }
}

/** @param {import("../timeline.ts").Moment} moment */
function makeRow({ at, what, scope, scopeId, label, token }) {
  const verb = element("span", { className: "what" }, what);
  const took = element("span", { className: "took" });
  const bar = element("span", { className: "bar" });
  const subject = token ? element("code", {}, token) : element("span", {}, label ?? scope);
  const where = element("span", { className: "where" }, token && label ? `${label} · ${scopeId}` : scopeId);
  const clock = element("span", { className: "at" }, `${(at / 1_000).toFixed(2)} s`);
  return {
    item: element("li", { dataset: { what } }, clock, verb, subject, where, took, bar),
    verb,
    subject,
    took,
    bar,
  };
}

function finish({ item, verb, subject, took, bar }, { what, elapsed, error }) {
  item.dataset.what = what;
  setText(verb, what);
  if (error !== undefined) subject.append(` (${error})`);
  if (elapsed === undefined) return;
  setText(took, duration(elapsed));
  // A tenth of a millisecond and ten seconds on one scale: each tenfold step is a fifth of the bar.
  const share = (Math.log10(Math.max(elapsed, 0.1)) + 1) / 5;
  bar.style.setProperty("--share", String(Math.min(1, Math.max(0.04, share))));
}
