// The script tag's global, under the name that app.ts imports: the server of this page points
// `from "thimble"` here. On a page of your own you would write `thimble.singleton(…)`, or map
// "thimble" to the ESM files with an import map.
export const {
  abortSignal,
  alias,
  all,
  createContainer,
  defer,
  isContainerError,
  optional,
  scoped,
  shutdownOnSignal,
  singleton,
  token,
  value,
} = globalThis.thimble;
