import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as fast from "thimble/fast";
import { graph, listBuilt, listPending } from "thimble/graph";
import { layers } from "thimble/layers";
import { createApp, warm } from "thimble/lifecycle";
import { observe } from "thimble/observe";
import { release, reload, withdraw } from "thimble/reload";
import * as small from "thimble/small";
import type { Build, Core, Features } from "./builds.ts";
import { compareSeed, describe as written, shrink } from "./compare.ts";
import { install } from "./host.ts";

/**
 * How many programs, and the first seed. To look elsewhere, set `DIFFERENTIAL_SEED` and `DIFFERENTIAL_PROGRAMS`; for a
 * million, `run.mjs` beside this file is faster.
 */
const { process = { env: {} } } = globalThis as {
  process?: { readonly env: Readonly<Record<string, string | undefined>> };
};
const SEED = Number(process.env["DIFFERENTIAL_SEED"] ?? 20261130);
const PROGRAMS = Number(process.env["DIFFERENTIAL_PROGRAMS"] ?? 2500);

const features = {
  createApp,
  graph,
  layers,
  listBuilt,
  listPending,
  observe,
  release,
  reload,
  warm,
  withdraw,
} as unknown as Features;
const { createContainer } = small as unknown as Core;
const one: Build = { name: "small", core: small as unknown as Core, other: createContainer, features };
// A program may have containers of both builds, with the same providers.
const other: Build = { name: "fast", core: fast as unknown as Core, other: createContainer, features };

/** Gives the first difference within so many programs, in words. */
async function differences(builds: readonly [Build, Build], programs: number): Promise<string | undefined> {
  for (let at = 0; at < programs; at++) {
    const found = await compareSeed(SEED + at, ...builds);
    if (found) return written(await shrink(found, ...builds), ...builds);
  }
  return undefined;
}

let uninstall: () => void;
beforeAll(() => (uninstall = install()));
afterAll(() => uninstall());

describe("any program", { timeout: 240_000 }, () => {
  it("does the same on the fast build as on the small one", async () => {
    expect(await differences([one, other], PROGRAMS)).toBe(undefined);
  });

  it("tells a build that does something else", async () => {
    const optional: Core["optional"] = (need, ...fallback) => one.core.optional(need, ...fallback, null);
    const wrong: Build = { ...one, name: "wrong", core: { ...one.core, optional } };
    expect(await differences([one, wrong], PROGRAMS)).toContain("--- wrong");
  });
});
