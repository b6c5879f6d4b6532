// A page in a real Chromium, under a Content-Security-Policy that lets in our own files and nothing else. A page has four ways
// to the library: a classic script tag, one ESM file, the ESM files by their addresses, and the ESM files by their names. The
// last one needs an import map, which browsers take from inside the page only; so the policy names the map's hash, and is
// otherwise the same.
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { chromium, type Browser, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchOptions } from "../support/chromium.mjs";
import { entries, root } from "../support/package.ts";
import { expected } from "./program.mjs";

const address = (name: string): string => entries.get(name)!.js.slice(root.length - 1);

const importMap = JSON.stringify({
  imports: Object.fromEntries([...entries.keys()].map((name) => [name, address(name)])),
});
const mapHash = `'sha256-${createHash("sha256").update(importMap).digest("base64")}'`;

/** Images are for the empty icon alone, without which the browser asks for one. */
const strict = "default-src 'none'; img-src data:; script-src 'self'";

/** What a page's own module does once it has the library. */
const runProgram = `
  import { program } from "/test/runtimes/program.mjs";
  program(thimble).then((events) => (globalThis.events = events), (error) => (globalThis.events = String(error)));
  try { new Function("return 1")(); } catch (error) { globalThis.refused = error.name; }
`;

const pages: Record<string, { policy: string; body: string }> = {
  "/script-tag": {
    policy: strict,
    body: `<script src="/dist/thimble.global.js"></script><script type="module" src="/script-tag.mjs"></script>`,
  },
  "/one-file": { policy: strict, body: `<script type="module" src="/one-file.mjs"></script>` },
  "/addresses": { policy: strict, body: `<script type="module" src="/addresses.mjs"></script>` },
  "/import-map": {
    policy: `${strict} ${mapHash}`,
    body: `<script type="importmap">${importMap}</script><script type="module" src="/import-map.mjs"></script>`,
  },
  "/fast": { policy: strict, body: `<script type="module" src="/fast.mjs"></script>` },
  "/leaving": {
    policy: strict,
    body: `<script src="/dist/thimble.global.js"></script><script src="/leaving.js"></script>`,
  },
  "/elsewhere": { policy: strict, body: "" },
};

const scripts: Record<string, string> = {
  "/script-tag.mjs": `const thimble = globalThis.thimble; ${runProgram}`,
  "/one-file.mjs": `import * as thimble from "/dist/thimble.js"; ${runProgram}`,
  "/addresses.mjs": `import * as thimble from "${address("thimble")}"; ${runProgram}`,
  "/fast.mjs": `import * as thimble from "${address("thimble/fast")}"; ${runProgram}`,
  "/import-map.mjs": `
    import * as thimble from "thimble";
    import * as entry from "thimble/browser";
    globalThis.entry = Object.keys(entry).sort();
    ${runProgram}`,
  "/leaving.js": `
    const { createContainer, token, singleton, shutdownOnSignal } = thimble;
    const Draft = token("draft");
    const app = createContainer(singleton(Draft, () => "a letter", { dispose: (draft) => sessionStorage.setItem("kept", draft) }));
    app.get(Draft);
    shutdownOnSignal(app);`,
};

async function answer(path: string): Promise<{ type: string; body: string; policy?: string }> {
  const page = pages[path];
  if (page) {
    const body = `<!doctype html><link rel="icon" href="data:,"><title>${path}</title>${page.body}`;
    return { type: "text/html", body, policy: page.policy };
  }
  return { type: "text/javascript", body: scripts[path] ?? (await readFile(join(root, path), "utf8")) };
}

let server: Server;
let browser: Browser;
let origin: string;

beforeAll(async () => {
  server = createServer((request, response) => {
    answer(new URL(request.url ?? "/", "http://localhost").pathname).then(
      ({ type, body, policy }) => {
        response.setHeader("content-type", `${type}; charset=utf-8`);
        if (policy) response.setHeader("content-security-policy", policy);
        response.end(body);
      },
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  browser = await chromium.launch(await launchOptions());
});

afterAll(async () => {
  await browser?.close();
  server?.close();
});

/** Opens one of the pages; whatever it complains about, the policy's refusals among it, is in `complaints`. */
async function open(path: string): Promise<{ page: Page; complaints: string[] }> {
  const page = await browser.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => void complaints.push(message.text()));
  page.on("pageerror", (error) => void complaints.push(error.message));
  await page.goto(origin + path);
  return { page, complaints };
}

async function outcome(path: string): Promise<Record<string, unknown>> {
  const { page, complaints } = await open(path);
  // A page in which something has failed has no events: then what it complains of is of interest.
  // The text of an expression would be evaluated there, which the policy allows only once, while the browser waits for it.
  await page.waitForFunction(() => "events" in globalThis, undefined, { timeout: 20_000 }).catch(() => {});
  const { events, refused, entry } = await page.evaluate<Record<string, unknown>>(
    "({ events: globalThis.events, refused: globalThis.refused, entry: globalThis.entry })",
  );
  await page.close();
  return { events, refused, entry, complaints };
}

describe("a page under script-src 'self'", () => {
  // What was refused is the program's own attempt, which proves that the policy was at work.
  const underPolicy = { events: expected, refused: "EvalError", complaints: [] };

  it("runs the library from a classic script tag", async () => {
    expect(await outcome("/script-tag")).toMatchObject(underPolicy);
  });

  it("runs dist/thimble.js, the core in one ESM file", async () => {
    expect(await outcome("/one-file")).toMatchObject(underPolicy);
  });

  it("runs the ESM files by their addresses", async () => {
    expect(await outcome("/addresses")).toMatchObject(underPolicy);
  });

  it("runs the fast build, which a page gets when it says so", async () => {
    expect(await outcome("/fast")).toMatchObject(underPolicy);
  });

  it("runs the ESM files by their names, with the hash of the import map in the policy", async () => {
    const result = await outcome("/import-map");
    expect(result).toMatchObject(underPolicy);
    expect(result["entry"]).toEqual(["readEnv", "shutdownOnSignal", "signals"]);
  });

  it("closes its container when it is left", async () => {
    const { page, complaints } = await open("/leaving");
    await page.goto(`${origin}/elsewhere`);
    expect(await page.evaluate("sessionStorage.getItem('kept')")).toBe("a letter");
    expect(complaints).toEqual([]);
    await page.close();
  });
});
