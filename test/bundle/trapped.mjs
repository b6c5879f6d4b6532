// node trapped.mjs <file>: imports the file and prints, as JSON, which of the world's doors it tried meanwhile.
// It records in place of throwing, or a `try` around the attempt would hide it.
import { pathToFileURL } from "node:url";

const touched = [];
Error.stackTraceLimit = Infinity;

/** Notes `name`, if it is a module that asks: Node reads its environment while it loads one. */
function touch(name) {
  const asker = new Error().stack
    .split("\n")
    .find((line) => line.includes("file:") && !line.includes(import.meta.url));
  if (asker) touched.push(name);
}

const trapped = (name, target) =>
  new Proxy(target, {
    apply: (...args) => (touch(name), Reflect.apply(...args)),
    construct: (...args) => (touch(`new ${name}`), Reflect.construct(...args)),
  });

function trapMethods(name, object, methods) {
  for (const method of methods) object[method] = trapped(`${name}.${method}`, object[method]);
}

function trapGlobal(name, value) {
  Object.defineProperty(globalThis, name, { configurable: true, get: () => (touch(name), value) });
}

const { env, argv } = process;
Object.defineProperty(process, "env", { get: () => (touch("process.env"), env) });
trapMethods("process", process, ["on", "once", "addListener"]);
trapMethods("Date", Date, ["now"]);
trapMethods("performance", performance, ["now", "mark"]);
trapMethods("Math", Math, ["random"]);
trapMethods("crypto", crypto, ["randomUUID", "getRandomValues"]);
for (const name of ["Date", "setTimeout", "setInterval", "setImmediate", "fetch"]) {
  globalThis[name] = trapped(name, globalThis[name]);
}
// A page, Deno and Bun are not here; asking for them is what counts.
for (const name of ["document", "window", "location", "localStorage", "addEventListener", "Deno", "Bun"]) {
  trapGlobal(name, undefined);
}
trapGlobal("navigator", navigator);

await import(pathToFileURL(argv[2]).href);
console.log(JSON.stringify(touched));
process.exit();
