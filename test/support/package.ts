/**
 * The package as package.json states it: every entry point with its files, and the tarball that would be published.
 *
 * @module
 */

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root: string = fileURLToPath(new URL("../..", import.meta.url));

type Target = string | { readonly [condition: string]: Target };

export interface Manifest {
  name: string;
  version: string;
  main: string;
  types: string;
  unpkg: string;
  jsdelivr: string;
  exports: Record<string, Target>;
  dependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
  peerDependenciesMeta?: Record<string, { optional?: boolean }>;
}

export const readJson = (path: string): unknown => JSON.parse(readFileSync(join(root, path), "utf8"));

export const manifest = readJson("package.json") as Manifest;

export interface Entry {
  /** As in `import … from "thimble/node"`. */
  name: string;
  js: string;
  types: string;
}

/** The file a list of export conditions leads to: of the keys of an object the first that holds, as every resolver has it. */
export function resolveTarget(target: Target, conditions: readonly string[]): string {
  if (typeof target === "string") return join(root, target);
  const key = Object.keys(target).find((name) => name === "default" || conditions.includes(name));
  return resolveTarget(target[key!]!, conditions);
}

/** By name; `thimble/runtime` is seen here as it is where no condition holds. */
export const entries: ReadonlyMap<string, Entry> = new Map(
  Object.entries(manifest.exports)
    .filter(([subpath]) => subpath !== "./package.json")
    .map(([subpath, target]) => {
      const name = manifest.name + subpath.slice(1);
      return [name, { name, js: resolveTarget(target, []), types: resolveTarget(target, ["types"]) }];
    }),
);

/** A folder whose node_modules holds the package as a reader gets it: packed, then unpacked. Removed by `remove`. */
export function install(): { folder: string; tarball: string; remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), "thimble-consumer-"));
  const tarball = unpack(join(folder, "node_modules", manifest.name), folder);
  return { folder, tarball, remove: () => rmSync(folder, { recursive: true }) };
}

/** Packs the package and unpacks it as `home`. The tarball is left in `keep`. */
export function unpack(home: string, keep: string = home): string {
  mkdirSync(home, { recursive: true });
  const packing = ["pack", "--json", "--ignore-scripts", "--pack-destination", keep];
  const [{ filename }] = JSON.parse(execFileSync("npm", packing, { cwd: root, encoding: "utf8" }));
  const tarball = join(keep, filename);
  execFileSync("tar", ["-xzf", tarball, "-C", home, "--strip-components=1"]);
  return tarball;
}

/** The entry points of features, by their short names: `config`, `observe`. Each is a file in src/features. */
export const features: readonly string[] = [...entries.values()].flatMap(
  ({ js }) => /\/dist\/features\/([\w-]+)\.js$/.exec(js)?.[1] ?? [],
);

/** The entry points of integrations, likewise: `fetch`, `hono`. Each is a file in src/integrations. */
export const integrations: readonly string[] = [...entries.values()].flatMap(
  ({ js }) => /\/dist\/integrations\/([\w-]+)\.js$/.exec(js)?.[1] ?? [],
);
