// What is not used is not there.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { features, integrations, root } from "../support/package.ts";
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
  "make",
  "assisted",
  "arg",
  "fallback",
  "decorate",
  "cleanup",
  "currentScope",
  "stopSignal",
  "abortSignal",
  "consumer",
  "cleanup",
  "decorate",
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

  const bundlers = { esbuild: weigh, Rollup: shake };

  it.each(["esbuild", "Rollup"] as const)("ships no file of a feature, in %s", async (bundler) => {
    const { files } = await bundlers[bundler](core);
    expect(files).toContain("dist/core/scope/scope.js");
    expect(files.filter((it) => /^dist\/(features|integrations)\//.test(it))).toEqual([]);
  });

  it.each(["esbuild", "Rollup"] as const)("ships of a feature what it imports, in %s", async (bundler) => {
    const bus = await bundlers[bundler](`${core} export { createEvents } from "thimble/events";`);
    expect(bus.files).toContain("dist/features/events/bus.js");
    expect(bus.files).not.toContain("dist/features/events/container.js");
    expect(bus.files).not.toContain("dist/features/observe.js");

    const health = await bundlers[bundler](`${core} export { checkHealth } from "thimble/health";`);
    expect(health.files).toContain("dist/features/health/check.js");
    expect(health.files).not.toContain("dist/features/health/response.js");
    expect(health.files).not.toContain("dist/features/config/redact.js");
  });

  it.each([...features, ...integrations])("pays for thimble/%s when it imports it", async (feature) => {
    const more = `${core} export * from "thimble/${feature}";`;
    const [without, with_] = [await weigh(core), await weigh(more)];
    const folder = features.includes(feature) ? "features" : "integrations";
    expect(with_.files.some((it) => it.startsWith(`dist/${folder}/${feature}`))).toBe(true);
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

  it.each(combinators.slice(0, 12))("leaves nothing behind when it calls %s", async (name) => {
    const { code } = await shake(`
      import { token, ${name} } from "thimble";
      const Mailer = token("mailer");
      const dependency = ${name}(Mailer, () => 1);
    `);
    expect(code).toBe("");
  });

  it("leaves nothing behind in esbuild when it only imports", async () => {
    const { minified } = await weigh(
      `import { ${names} } from "thimble"; import "thimble/config"; import "thimble/events";
      import "thimble/health"; import "thimble/observe";`,
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
