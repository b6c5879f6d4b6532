// What the package costs an application, against budget.json, which is where the README's numbers come from too.
import { describe, expect, it } from "vitest";
import budget from "./budget.json" with { type: "json" };
import { weigh } from "./bundle.ts";

const coreOf = (build: string): string =>
  `import { createContainer, token, value, singleton, scoped, transient, alias } from "${build}";
export const app = () => [createContainer, token, value, singleton, scoped, transient, alias];`;
const core = coreOf("thimble");

const entriesOfRuntimes = ["node", "deno", "bun", "browser", "workers", "generic"];

describe("the weight of a bundle", () => {
  it(`is under ${budget.core} bytes for the core, minified and compressed with Brotli`, async () => {
    const weight = await weigh(core);
    console.log(`core: ${weight.brotli} bytes Brotli, ${weight.gzip} gzip, ${weight.minified} minified`);
    expect(weight.brotli).toBeLessThan(budget.core);
  });

  it("is that of the small build where thimble is bundled for a page", async () => {
    expect((await weigh(core)).minified).toBe((await weigh(coreOf("thimble/small"))).minified);
  });

  it(`is under ${budget.fast} bytes for the core of the fast build`, async () => {
    const weight = await weigh(coreOf("thimble/fast"));
    console.log(`fast: ${weight.brotli} bytes Brotli, ${weight.gzip} gzip, ${weight.minified} minified`);
    expect(weight.brotli).toBeLessThan(budget.fast);
  });

  it(`is under ${budget.token} bytes for a file that only makes tokens`, async () => {
    const weight = await weigh(`import { token } from "thimble"; export const Mailer = token("mailer");`);
    expect(weight.brotli).toBeLessThan(budget.token);
  });

  it(`grows by less than ${budget.observe} bytes with thimble/observe`, async () => {
    const [bare, both] = await Promise.all([
      weigh(core),
      weigh(`${core}\nexport { observe } from "thimble/observe";`),
    ]);
    console.log(`thimble/observe: ${both.brotli - bare.brotli} bytes Brotli`);
    expect(both.brotli - bare.brotli).toBeLessThan(budget.observe);
  });

  it.each(["events", "health"] as const)("grows by little with thimble/%s", async (feature) => {
    const [bare, both] = await Promise.all([
      weigh(core),
      weigh(`${core}\nexport * from "thimble/${feature}";`),
    ]);
    console.log(`thimble/${feature}: ${both.brotli - bare.brotli} bytes Brotli`);
    expect(both.brotli - bare.brotli).toBeLessThan(budget[feature]);
  });

  it.each(entriesOfRuntimes)(`grows by less than ${budget.entry} bytes with thimble/%s`, async (entry) => {
    const [bare, both] = await Promise.all([
      weigh(core),
      weigh(`${core}\nexport { signals, readEnv, shutdownOnSignal } from "thimble/${entry}";`),
    ]);
    expect(both.brotli - bare.brotli).toBeLessThan(budget.entry);
    // An entry point that weighs nothing would be one that was not there.
    expect(both.minified).toBeGreaterThan(bare.minified + 100);
  });
});
