// Real servers and real clients: thimble/fetch behind Deno.serve, Bun.serve and srvx, thimble/hono on Node, Deno and Bun.
import { describe, expect, it, beforeAll } from "vitest";
import { start, type Runtime } from "../signals/child.ts";
import { rowOf, serve, type Serving } from "./client.ts";
import { projectWith } from "./project.ts";

const packages = ["hono", "@hono/node-server", "srvx"];
const cwd = projectWith(["server.mjs", "shop.mjs"], packages);
const servers: { runtime: Runtime; kind: string }[] = [
  { runtime: "deno", kind: "deno" },
  { runtime: "bun", kind: "bun" },
  { runtime: "node", kind: "srvx" },
  { runtime: "node", kind: "hono" },
  { runtime: "deno", kind: "hono" },
  { runtime: "bun", kind: "hono" },
];
describe.each(servers)("$kind on $runtime", ({ runtime, kind }) => {
  it("row", async () => {
    const server = await serve(cwd, runtime, kind);
    try { console.log(runtime, kind, await rowOf(server, "x")); } catch (e) { console.log(server.lines().join("\n")); throw e }
  });
});
