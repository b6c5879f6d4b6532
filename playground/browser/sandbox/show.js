/**
 * Values and errors as text. They are the program's own, and may do anything when they are looked at: what throws is shown
 * as what it is.
 */
import { isContainerError, pathOf } from "../../../dist/index.js";

let program = "";

/** Says at which address the program is, by which its lines are found in stacks. */
export function setProgram(url) {
  program = url;
}

/** A value in one or a few lines, not deeper than people read. */
export function show(value, depth = 0, isInside = false) {
  try {
    return text(value, depth, isInside);
  } catch {
    return "(cannot be shown)";
  }
}

function text(value, depth, isInside) {
  if (typeof value === "string") return isInside ? JSON.stringify(value) : value;
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "symbol") return value.toString();
  if (typeof value === "function")
    return `[${/^class\b/.test(value) ? "class" : "function"} ${value.name || "without a name"}]`;
  if (Object(value) !== value) return String(value);
  if (value instanceof Error) return String(value);
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Promise) return "[Promise]";
  const name = Object.getPrototypeOf(value)?.constructor?.name ?? "";
  const entries =
    value instanceof Map
      ? [...value].map(([key, it]) => `${show(key, depth + 1, true)} => ${show(it, depth + 1, true)}`)
      : value instanceof Set
        ? [...value].map((it) => show(it, depth + 1, true))
        : Array.isArray(value)
          ? value.map((it) => show(it, depth + 1, true))
          : Object.keys(value).map((key) => `${key}: ${show(value[key], depth + 1, true)}`);
  const [left, right] = Array.isArray(value) ? "[]" : "{}";
  const prefix = name === "Object" || name === "Array" || name === "" ? "" : `${name} `;
  if (entries.length === 0) return `${prefix}${left}${right}`;
  if (depth > 2) return `${prefix}${left}…${right}`;
  const shown = entries.slice(0, 20).join(", ") + (entries.length > 20 ? ", …" : "");
  const space = Array.isArray(value) ? "" : " ";
  return `${prefix}${left}${space}${shown}${space}${right}`;
}

/** An error as plain data: what it says, word for word, and where in the program it came from. */
export function describe(error, depth = 0) {
  try {
    if (!(error instanceof Error)) return { text: show(error), lines: [] };
    const { errors, cause } = error;
    const path = isContainerError(error) ? error.path : pathOf(error);
    return {
      text: String(error),
      ...(isContainerError(error) && { code: error.code }),
      ...(path.length > 0 && { path: path.map((step) => step.token) }),
      lines: linesOf(error.stack),
      ...(Array.isArray(errors) &&
        depth < 2 && { errors: errors.slice(0, 8).map((it) => describe(it, depth + 1)) }),
      ...(cause !== undefined && depth < 2 && { cause: describe(cause, depth + 1) }),
    };
  } catch {
    return { text: "(an error that cannot be shown)", lines: [] };
  }
}

/** Lines of the program, the innermost first. Every browser has `address:line:column` in its stacks. */
function linesOf(stack) {
  const lines = String(stack)
    .split(program)
    .slice(1)
    .map((rest) => Number(/^:(\d+)/.exec(rest)?.[1]))
    .filter((line) => line > 0);
  return [...new Set(lines)];
}
