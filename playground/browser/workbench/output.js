/**
 * What a program prints, what fails, and what a shutdown reports, in order. Everything is text: a program may be anyone's.
 */
import { duration, element } from "../element.js";

const most = 300;

export class Output {
  #list;
  #reveal;
  #isScrolling = false;

  /**
   * @param {HTMLElement} list
   * @param {(line: number) => void} reveal  shows a line of the program
   */
  constructor(list, reveal) {
    this.#list = list;
    this.#reveal = reveal;
  }

  clear() {
    this.#list.replaceChildren();
  }

  /** @param {{ level: string, text: string }} it */
  print({ level, text }) {
    this.#add(element("li", { className: "printed", dataset: { level: String(level) } }, clip(text)));
  }

  /** An error, word for word, with what else it carries, and the lines of the program that led to it. */
  error(title, error) {
    this.#add(element("li", { className: "error" }, ...this.#errorParts(title, error)));
  }

  #errorParts(title, { text, code, path, lines = [], errors = [], cause }) {
    const head = element("div", { className: "error-head" }, element("strong", {}, title));
    if (code !== undefined) head.append(element("code", { className: "code" }, clip(code)));
    for (const line of lines.slice(0, 6)) {
      const button = element("button", { type: "button", className: "line-button" }, `line ${Number(line)}`);
      button.addEventListener("click", () => this.#reveal(Number(line)));
      head.append(button);
    }
    const parts = [head, element("pre", {}, clip(text))];
    // The message of an error of the library has its path already.
    if (path && code === undefined)
      parts.push(element("p", { className: "way" }, `pathOf(error): ${clip(path.join(" > "))}`));
    for (const it of errors)
      parts.push(element("div", { className: "inner" }, ...this.#errorParts("errors", it)));
    if (cause) parts.push(element("div", { className: "inner" }, ...this.#errorParts("cause", cause)));
    return parts;
  }

  report({ scope, ok, elapsed, services }) {
    const rows = services
      .slice(0, 40)
      .map(({ token, scopeId, outcome, elapsed, error }) =>
        element(
          "tr",
          { dataset: { outcome: String(outcome).split(" ")[0] } },
          element("td", {}, element("code", {}, clip(token)), " ", element("span", {}, clip(scopeId))),
          element("td", {}, error ? `${clip(outcome)}: ${clip(error.text)}` : clip(outcome)),
          element("td", {}, duration(elapsed)),
        ),
      );
    const summary =
      services.length === 0
        ? `${clip(scope)} has closed. It had nothing to dispose.`
        : `${clip(scope)} has closed in ${duration(elapsed)}: ${ok ? "ok" : "not ok"}. The report, in order of completion:`;
    const item = element("li", { className: "report", dataset: { ok: String(Boolean(ok)) } }, summary);
    if (rows.length > 0) item.append(element("table", {}, element("tbody", {}, ...rows)));
    this.#add(item);
  }

  #add(item) {
    if (!this.#isScrolling) this.#scrollSoon();
    this.#list.append(item);
    while (this.#list.childElementCount > most) this.#list.firstElementChild.remove();
  }

  /** Follows what comes, once for each frame; whoever has scrolled up to read stays there. */
  #scrollSoon() {
    const { parentElement } = this.#list;
    const isAtEnd = parentElement.scrollHeight - parentElement.scrollTop - parentElement.clientHeight < 40;
    this.#isScrolling = true;
    requestAnimationFrame(() => {
      this.#isScrolling = false;
      if (isAtEnd) parentElement.scrollTop = parentElement.scrollHeight;
    });
  }
}

/** @param {unknown} text */
function clip(text) {
  const all = String(text);
  return all.length > 4_000 ? `${all.slice(0, 4_000)}…` : all;
}
