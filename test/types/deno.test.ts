/**
 * Deno takes the package by addresses as well, from a folder or a server, under the names of an import map. There it reads
 * no package.json: each built file says itself where its types are.
 */

import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { entries, install, readJson, root } from "../support/package.ts";

const { folder, remove } = install();
afterAll(remove);

const deno = (...args: string[]): { status: number | null; stdout: string; stderr: string } => {
  const env = { ...process.env, NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" };
  const options = { cwd: folder, encoding: "utf8", env } as const;
  const { status, stdout, stderr } = spawnSync(join(root, "node_modules/.bin/deno"), args, options);
  return { status, stdout, stderr };
};

const built = (js: string): string => `./node_modules/thimble/${relative(root, js)}`;
const source = (name: string): string => {
  const { exports } = readJson("jsr.json") as { exports: Record<string, string> };
  return join(root, exports[name.replace(/^thimble/, ".")]!);
};

// Whoever imports these has Hono or React, which have to be under a name of the map, too.
const names = [...entries.keys()].filter((name) => !/^thimble\/(hono|react|runtime)$/.test(name));

const program = `
  ${names.map((name, i) => `import * as entry${i} from "${name}";\nvoid entry${i};`).join("\n")}
  import { createContainer, singleton, token, value } from "thimble";
  import { Env, integer, setting } from "thimble/config";
  import { drain } from "thimble/deno";

  const Port = token<number>("port");
  const Server = token<Deno.HttpServer>("server");
  const app = createContainer(
    value(Env, { PORT: "8080" }),
    singleton(Port, [setting("PORT", integer)], (port) => port),
    singleton(Server, [Port], (port) => Deno.serve({ port }, () => new Response("hello")), { stop: drain }),
  );
  const port: number = app.get(Port);
  // @ts-expect-error the types have arrived, and are not any
  const wrong: string = app.get(Port);
  console.log(port, wrong);
`;

describe("deno check and deno run", () => {
  it.each([
    { where: "the built files", address: (name: string) => built(entries.get(name)!.js) },
    { where: "the sources", address: source },
  ])("take an import map that leads to $where", ({ address }) => {
    const imports = Object.fromEntries(names.map((name) => [name, address(name)]));
    writeFileSync(join(folder, "map.json"), JSON.stringify({ imports }));
    writeFileSync(join(folder, "program.ts"), program);

    const map = ["--no-lock", "--import-map=map.json"];
    expect(deno("check", ...map, "program.ts")).toMatchObject({ status: 0 });
    expect(deno("run", "--no-prompt", ...map, "program.ts")).toMatchObject({ stdout: "8080 8080\n" });
  });
});
