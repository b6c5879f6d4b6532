// What a program in the playground gets as `thimble`: the library itself, but that each container it makes is watched.
export * from "../../../dist/index.js";
import { createContainer as create } from "../../../dist/index.js";
import { watch } from "./watch.js";

export function createContainer(...args) {
  return watch(create(...args), args);
}
