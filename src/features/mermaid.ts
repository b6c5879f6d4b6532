/**
 * Text in a diagram in the language of Mermaid.
 *
 * @module
 */

/** Everything that means something to Mermaid or to HTML is written as the number of its character. */
export function mermaidText(text: string): string {
  return text.replace(/[^\p{L}\p{N} _.-]/gu, (it) => `#${it.codePointAt(0)};`);
}
