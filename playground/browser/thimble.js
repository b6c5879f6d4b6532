// The script tag's global, under the names that app.ts imports: the server of this page points
// `from "thimble"` and `from "thimble/observe"` here. On a page of your own you would write
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
