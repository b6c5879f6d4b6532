// Imports everything that the package exports while an alarm is on the environment, the clocks, the timers and the random
// sources, and prints what set it off; and then, what does when the package is used, or a silent alarm would prove nothing.
import manifest from "thimble/package.json" with { type: "json" };

let touched = [];

/** What the runtime itself does meanwhile is its own affair: only what the package's files do counts. */
function note(what) {
  if (new Error().stack.includes("/thimble/dist/")) touched.push(what);
}
Error.stackTraceLimit = 50;

/** Puts the alarm on a function. */
function wire(host, name, label) {
  const original = host?.[name];
  if (typeof original !== "function") return;
  host[name] = function (...args) {
    note(label);
    return original.apply(this, args);
  };
}

globalThis.Date = class extends Date {
  constructor(...args) {
    note("new Date");
    super(...args);
  }
  static now() {
    note("Date.now");
    return super.now();
  }
};
wire(performance, "now", "performance.now");
wire(Math, "random", "Math.random");
wire(crypto, "randomUUID", "crypto.randomUUID");
wire(crypto, "getRandomValues", "crypto.getRandomValues");
for (const name of ["setTimeout", "setInterval", "setImmediate", "queueMicrotask"])
  wire(globalThis, name, name);
wire(process, "on", "process.on");
wire(globalThis.Deno?.env, "get", "Deno.env.get");
wire(globalThis.Deno?.env, "toObject", "Deno.env.toObject");
const watched = (...args) => {
  note("process.env");
  return Reflect.get(...args);
};
const env = new Proxy(
  { PORT: "8080" },
  { get: watched, ownKeys: (it) => (note("process.env"), Reflect.ownKeys(it)) },
);
Object.defineProperty(process, "env", { value: env });

// What imports React is for those who have it.
const names = Object.keys(manifest.exports).filter((path) => !/^\.\/(package\.json|react)$/.test(path));
const modules = [];
for (const path of names) modules.push(await import(`thimble${path.slice(1)}`));
const byImporting = touched;

touched = [];
const { createContainer, token, value } = modules[names.indexOf(".")];
const { readEnv, signals } = modules[names.indexOf("./node")];
readEnv();
signals().onStop(() => {})();
const app = createContainer(value(token("db"), {}, { dispose: async () => {} }));
await app.shutdown({ timeout: 10 });

console.log(JSON.stringify({ imported: names.length, byImporting, byUsing: [...new Set(touched)].sort() }));
