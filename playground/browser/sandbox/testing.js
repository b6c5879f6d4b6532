// `thimble/testing`, likewise.
export * from "../../../dist/features/testing.js";
import { clone as copy, testContainer as create } from "../../../dist/features/testing.js";
import { watch } from "./watch.js";

export function testContainer(providers, options) {
  return watch(create(providers, options), [providers, options?.override ?? []]);
}

export function clone(container, options) {
  return watch(copy(container, options), []);
}
