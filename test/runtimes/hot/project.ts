/**
 * A small program whose services are edited while it runs: the same files in a page of Vite, in Vite's module runner, and
 * in Bun's development server.
 *
 * @module
 */

import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "../../support/package.ts";

export interface Project {
  readonly path: string;
  /** Writes another version of the services. `before` is code that is run before the providers are there. */
  edit(text: string, before?: string): void;
  remove(): void;
}

const services = (text: string, before: string): string => `
import { singleton } from "thimble";
import { hot } from "thimble/reload";
import { app } from "./app.js";
${before}
export class Greeter {
  text = ${JSON.stringify(text)};
}
export const services = [
  singleton(Greeter, { dispose: ({ text }) => globalThis.log.push("disposed " + text), eager: true }),
];
globalThis.log.push("evaluated ${text}");

if (import.meta.hot) import.meta.hot.accept(hot(import.meta.hot.data, app, services));
app.provide(services);
`;

const files = {
  "index.html": `<!doctype html><link rel="icon" href="data:," /><title>hot</title><script type="module" src="./main.js"></script>`,
  "package.json": `{ "type": "module" }`,
  "log.js": `globalThis.log ??= [];`,
  "app.js": `
import "./log.js";
import { createContainer } from "thimble";
export const app = createContainer();
`,
  "main.js": `
import { scoped } from "thimble";
import { app } from "./app.js";
import { Greeter } from "./services.js";
class User {
  constructor(greeter) {
    this.greeter = greeter;
  }
}
app.provide(scoped(User, [Greeter]));
globalThis.marker = "the first load";
const page = app.createScope("page");
export const said = () => page.get(User).greeter.text + " " + (page.get(User).greeter === app.get(Greeter));
globalThis.said = said;
said();
`,
  // At each edit, Bun 1.4.5 evaluates anew what a package re-exports that is marked as free of side effects, and reloads the
  // page because nothing accepts that; unless all of the package is imported somewhere.
  "whole.js": `
import * as core from "thimble";
import * as reload from "thimble/reload";
globalThis.whole = [core, reload];
`,
  "bun.html": `<!doctype html><link rel="icon" href="data:," /><title>hot</title><script type="module" src="./whole.js"></script><script type="module" src="./main.js"></script>`,
  "serve.js": `
import page from "./bun.html";
const server = Bun.serve({ port: 0, hostname: "127.0.0.1", development: { hmr: true, console: false }, routes: { "/": page } });
console.log("at " + server.url);
`,
};

export function createProject(): Project {
  const path = mkdtempSync(join(tmpdir(), "thimble-hot-"));
  const edit = (text: string, before = ""): void =>
    writeFileSync(join(path, "services.js"), services(text, before));
  for (const [name, code] of Object.entries(files)) writeFileSync(join(path, name), code);
  edit("one");
  const installed = join(path, "node_modules/thimble");
  cpSync(join(root, "dist"), join(installed, "dist"), { recursive: true });
  cpSync(join(root, "package.json"), join(installed, "package.json"));
  return { path, edit, remove: () => rmSync(path, { recursive: true, force: true }) };
}
