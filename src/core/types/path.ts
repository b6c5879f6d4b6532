/**
 * Paths: the tokens from the one that a caller resolved to the one that an error or an event is about.
 *
 * @module
 */

/** One step of a path: a token, and the scope it was resolved in. Both are names, so that a path can be logged or sent. */
export interface PathStep {
  readonly token: string;
  readonly scope: string;
}

/** The steps from the token that a caller resolved to the token that failed or is being built. */
export type Path = readonly PathStep[];
