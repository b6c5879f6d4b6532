/**
 * Makes an element. Text is only ever set as text: nothing on this page is parsed
 * from a string, which its policy (`require-trusted-types-for`) would refuse anyway.
 *
 * @param {string} tag
 * @param {Record<string, unknown>} [properties]
 * @param {(Node | string)[]} children
 */
export function element(tag, { dataset = {}, ...properties } = {}, ...children) {
  const node = document.createElement(tag);
  Object.assign(node, properties);
  Object.assign(node.dataset, dataset);
  node.append(...children);
  return node;
}

/** Changes text only where it differs, so that a screen reader or a selection is not disturbed. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** The same for the state that the style sheet colours it by: most frames change nothing. */
export function setState(node, state) {
  if (node.dataset.state !== state) node.dataset.state = state;
}

/** A span of time for people: "< 0.1 ms", "0.3 ms", "412 ms", "1.25 s". */
export function duration(ms) {
  if (ms < 0.1) return "< 0.1 ms";
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(2)} s`;
}
