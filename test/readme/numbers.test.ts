// The numbers of README.md are measured here. To write down new ones: npx vitest run --project tools test/readme -u
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { weigh } from "../bundle/bundle.ts";
import { entries, features, integrations, manifest, root } from "../support/package.ts";
import { file, readme } from "./page.ts";

const names = "createContainer, token, value, singleton, scoped, transient, alias";
const coreOf = (build: string): string =>
  `import { ${names} } from "${build}"; export const app = () => [${names}];`;
const core = coreOf("thimble/small");
const doors = ["node", "bun", "deno", "browser", "workers", "generic"];

const brotli = async (code: string): Promise<number> => (await weigh(code)).brotli;
const grows = async (by: string): Promise<number> => (await brotli(`${core}\n${by}`)) - (await brotli(core));

/** The last cell of the row that begins so. */
const cell = (row: string): RegExp =>
  new RegExp(`(?<=^\\| ${row.replaceAll(".", "\\.")} \\|.*\\| )[^|]*(?= \\|$)`, "m");

const sizeOf = {
  core: await brotli(core),
  fast: await brotli(coreOf("thimble/fast")),
  all: await grows(`export * from "thimble/small";`),
  features: await Promise.all(
    [...features, ...integrations].map(async (it) => ({
      name: it,
      bytes: await grows(`export * from "thimble/${it}";`),
    })),
  ),
  doors: await Promise.all(doors.map((door) => grows(`export * from "thimble/${door}";`))),
  module: brotliCompressSync(readFileSync(join(root, "dist/thimble.js"))).length,
  script: brotliCompressSync(readFileSync(join(root, manifest.unpkg))).length,
};

/** The tagline says what the first row says, in short. */
const tagline = /(?<=injection in )[\d.]+(?= kB)/;
const inShort = (row: string): string => (Number(row) / 1000).toFixed(1);

const places: { where: RegExp; says: string }[] = [
  { where: cell("`thimble`"), says: String(sizeOf.core) },
  { where: cell("`thimble`, all of it"), says: `+ ${sizeOf.all}` },
  { where: cell("`thimble/fast`"), says: String(sizeOf.fast) },
  ...sizeOf.features.map(({ name, bytes }) => ({ where: cell(`\`thimble/${name}\``), says: `+ ${bytes}` })),
  {
    where: cell(doors.map((door, i) => (i ? `\`/${door}\`` : `\`thimble/${door}\``)).join(" · ")),
    says: `+ ${Math.min(...sizeOf.doors)} to ${Math.max(...sizeOf.doors)}`,
  },
  { where: cell("`dist/thimble.js`"), says: String(sizeOf.module) },
  { where: cell("`dist/thimble.global.js`"), says: String(sizeOf.script) },
];

/**
 * Compressors differ by a few bytes between machines, and a number that is off by a percent is no lie: what is written
 * stays.
 */
function isTrue(written: string, measured: string): boolean {
  const numbers = (text: string): number[] => text.match(/\d+/g)?.map(Number) ?? [];
  const is = numbers(measured);
  return numbers(written).every((number, i) => Math.abs(number - is[i]!) <= Math.max(10, is[i]! / 100));
}

describe("the numbers of the README", () => {
  it.each([{ where: tagline }, ...places])("stand where they are looked for: $where", ({ where }) => {
    expect(readme.match(new RegExp(where, "gm"))).toHaveLength(1);
  });

  it("are those of what is built", async () => {
    const table = places.reduce(
      (text, { where, says }) => text.replace(where, (written) => (isTrue(written, says) ? written : says)),
      readme,
    );
    const measured = table.replace(tagline, inShort(cell("`thimble`").exec(table)![0]));

    await expect(measured).toMatchFileSnapshot(file);
  });

  it.each([
    { written: "8160", measured: "8242", near: true },
    { written: "8150", measured: "8242", near: false },
    { written: "+ 354 to 807", measured: "+ 364 to 807", near: true },
    { written: "+ 354 to 807", measured: "+ 354 to 818", near: false },
  ])("may be off by a percent or ten bytes, and not by more: $written of $measured", (row) => {
    expect(isTrue(row.written, row.measured)).toBe(row.near);
  });

  it("cover every import", () => {
    const imports = [...entries.keys()].filter((name) => name !== "thimble/runtime");
    const table = readme.slice(0, readme.indexOf("Bytes are"));
    for (const name of imports)
      expect(table).toMatch(new RegExp(`\`(?:thimble)?${name.replace("thimble", "")}\``));
  });
});
