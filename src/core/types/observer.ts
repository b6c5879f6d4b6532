/**
 * What the core knows of an observer: the names of its methods. The public type, and what each event has, is in
 * `thimble/observe`.
 *
 * @module
 */

/** An object whose methods are called with one event each. */
export type Observer = {
  readonly [
    Name in
      | "registered"
      | "overridden"
      | "building"
      | "built"
      | "buildFailed"
      | "got"
      | "disposing"
      | "disposed"
      | "scopeOpened"
      | "scopeClosed"
  ]?: (event: never) => void;
};
