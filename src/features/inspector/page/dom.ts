/**
 * Elements, and text for people: what the parts of a page are made with.
 *
 * Names may hold any character. They are only ever set as text and as attributes, never as markup.
 *
 * @module
 */

const svgSpace = "http://www.w3.org/2000/svg";

export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

function fill<E extends Element>(it: E, attributes: Attributes, children: readonly (Node | string)[]): E {
  for (const [name, value] of Object.entries(attributes))
    if (value !== undefined && value !== false) it.setAttribute(name, value === true ? "" : String(value));
  it.append(...children);
  return it;
}

export function html(tag: string, attributes: Attributes = {}, ...children: (Node | string)[]): HTMLElement {
  return fill(document.createElement(tag), attributes, children);
}

export function svg(tag: string, attributes: Attributes = {}, ...children: (Node | string)[]): SVGElement {
  return fill(document.createElementNS(svgSpace, tag), attributes, children);
}

/**
 * A name without characters that are not visible, end a line or change the direction of what follows: they are written as
 * their numbers. Different names stay different.
 */
export function visible(name: string): string {
  return name.replace(/[\p{C}\p{Zl}\p{Zp}]|\\(?=u\{)/gu, (it) =>
    it === "\\" ? "\\\\" : `\\u{${it.codePointAt(0)!.toString(16)}}`,
  );
}

/** All text that the page is given is made visible, ids too. */
export function asText(_: string, value: unknown): unknown {
  return typeof value === "string" ? visible(value) : value;
}

export function count(number: number, word: string): string {
  return `${number} ${word}${number === 1 ? "" : "s"}`;
}

export function milliseconds(elapsed: number): string {
  return elapsed >= 1_000
    ? `${(elapsed / 1_000).toFixed(2)} s`
    : `${elapsed < 10 ? elapsed.toFixed(1) : Math.round(elapsed)} ms`;
}
