// What is not used is not there.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { root } from "../support/package.ts";
import { shake, weigh } from "./bundle.ts";

const names = "createContainer, token, value, singleton, scoped, transient, alias";
const core = `import { ${names} } from "thimble"; export const app = () => [${names}];`;

const combinators = [
  "optional",
  "all",
  "one",
  "defer",
  "ref",
  "parent",
  "map",
  "currentScope",
  "stopSignal",
  "abortSignal",
  "consumer",
];

describe("an application that uses the core alone", () => {
  it.each(combinators)("ships nothing of %s", async (name) => {
    const { kept } = await shake(core);
    expect(kept).toContain("createContainer");
    expect(kept).not.toContain(name);
  });

  // Were a combinator's machinery part of the core, asking for the combinator would add hardly anything.
  it.each(combinators)("pays for %s when it asks for it", async (name) => {
    const more = `${core} export { ${name} } from "thimble";`;
    const [without, with_] = [await shake(core), await shake(more)];
    expect(with_.kept).toContain(name);
    expect(with_.code.length).toBeGreaterThan(without.code.length + `export { ${name} };`.length);
  });

  const observe = "dist/features/observe.js";
  const observing = `${core} export { observe } from "thimble/observe";`;
  const bundlers = { esbuild: weigh, Rollup: shake };

  it.each(["esbuild", "Rollup"] as const)("ships no code of thimble/observe, in %s", async (bundler) => {
    const [without, with_] = [await bundlers[bundler](core), await bundlers[bundler](observing)];
    expect(without.files).toContain("dist/core/scope/scope.js");
    expect(without.files).not.toContain(observe);
    expect(with_.files).toContain(observe);
  });

  it("pays at least 300 bytes for thimble/observe when it imports it", async () => {
    const [without, with_] = [await weigh(core), await weigh(observing)];
    expect(with_.minified).toBeGreaterThanOrEqual(without.minified + 300);
  });

  it("ships the same whether or not the features and doors exist", async () => {
    const { code } = await shake(core);
    expect(code).not.toMatch(/process|Deno|Bun|document|window/);
  });
});

describe("an unused module of an application", () => {
  it("leaves nothing behind when it makes tokens and providers", async () => {
    const { code } = await shake(`
      import { token, value, singleton, scoped, transient, alias } from "thimble";
      const Mailer = token("mailer");
      const Sender = token("sender");
      class Users {}
      const providers = [
        value(Mailer, 1), singleton(Mailer, () => 1), singleton(Users, [Mailer]), scoped(Users, []),
        transient(Users), alias(Sender, Mailer),
      ];
    `);
    expect(code).toBe("");
  });

  it.each(combinators.slice(0, 7))("leaves nothing behind when it calls %s", async (name) => {
    const { code } = await shake(`
      import { token, ${name} } from "thimble";
      const Mailer = token("mailer");
      const dependency = ${name}(Mailer, () => 1);
    `);
    expect(code).toBe("");
  });

  it("leaves nothing behind in esbuild when it only imports", async () => {
    const { minified } = await weigh(
      `import { ${names} } from "thimble"; import "thimble/config"; import "thimble/observe";`,
    );
    expect(minified).toBe(0);
  });
});

describe("the published code", () => {
  const files = readdirSync(join(root, "dist"), { recursive: true, encoding: "utf8" });

  it.each(files.filter((file) => file.endsWith(".js")))("makes no code from strings in %s", (file) => {
    const code = readFileSync(join(root, "dist", file), "utf8");
    expect(code).not.toMatch(/\beval\b|\bFunction\s*\(/);
  });
});
