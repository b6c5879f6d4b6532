/**
 * The script tag: `globalThis.thimble` is the core, `thimble/browser` and `thimble/observe`.
 *
 * The one place with `export *`: nobody imports names from here, and a name that the core gains is one that a page
 * should find.
 *
 * @module
 */

export * from "../features/observe.ts";
export * from "../index.ts";
export * from "./browser.ts";
