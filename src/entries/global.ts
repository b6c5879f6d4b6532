/**
 * The script tag: `globalThis.thimble` is the core and the browser door.
 *
 * The one place with `export *`: nobody imports names from here, and a name that the core gains is one that a page
 * should find.
 *
 * @module
 */

export * from "../index.ts";
export * from "./browser.ts";
