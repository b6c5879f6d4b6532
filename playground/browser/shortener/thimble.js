// The script tag's global, under the names that app.ts imports: the server of this page points
// `from "thimble"`, `from "thimble/observe"` and `from "thimble/fetch"` here. On a page of your own you would write
// `thimble.singleton(…)`, or map the names to the ESM files with an import map.
export const {
  alias,
  all,
  createContainer,
  defer,
  isContainerError,
  observe,
  optional,
  scoped,
  shutdownOnSignal,
  singleton,
  stopSignal,
  token,
  value,
} = globalThis.thimble;

// The script tag has no thimble/fetch, whose scopes end with what a server sends. Here a scope is opened by hand, around
// a token of our own.
export const CurrentRequest = token("request");
