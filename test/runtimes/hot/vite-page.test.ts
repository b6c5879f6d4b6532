// The files of docs/vite.md, served and built by Vite as they stand.
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { chromium, type Browser } from "playwright-core";
import { build, createServer, type ViteDevServer } from "vite";
import { afterAll, beforeAll, expect, it } from "vitest";
import { blocks } from "../../readme/page.ts";
import { launchOptions } from "../../support/chromium.mjs";
import { root } from "../../support/package.ts";

/** The name of the file stands in the first line. */
const files = blocks
  .filter(({ page }) => page === "docs/vite.md")
  .map(({ code }): [string, string] => [/^(?:\/\/|#|<!--) ([\w./]+)/.exec(code)![1]!, code]);

const folder = mkdtempSync(join(tmpdir(), "thimble-vite-"));
const options = {
  root: folder,
  configFile: false as const,
  logLevel: "silent" as const,
  cacheDir: join(folder, ".vite"),
  server: { port: 0, host: "127.0.0.1", fs: { strict: false } },
};
let browser: Browser;
let vite: ViteDevServer | undefined;

beforeAll(async () => {
  for (const [name, code] of files) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), code);
  }
  const installed = join(folder, "node_modules/thimble");
  cpSync(join(root, "dist"), join(installed, "dist"), { recursive: true });
  cpSync(join(root, "package.json"), join(installed, "package.json"));
  browser = await chromium.launch(await launchOptions());
});
afterAll(async () => {
  await vite?.close();
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});

it("are a page with settings, whose services are edited without a reload", async () => {
  vite = await createServer(options);
  await vite.listen();
  const page = await browser.newPage();
  const failures: string[] = [];
  page.on("pageerror", (error) => failures.push(String(error)));
  const connected = page.waitForEvent("console", (message) => message.text().includes("connected."));
  await page.goto(vite.resolvedUrls!.local[0]!);
  await connected;
  await expect.poll(() => page.textContent("p"), { timeout: 20_000 }).toBe("Hello, Ada");
  await page.evaluate("globalThis.isSame = true");

  const file = join(folder, "src/greeter.js");
  writeFileSync(file, readFileSync(file, "utf8").replace("}, ${name}`", "}, dear ${name}`"));
  await expect
    .poll(() => page.click("button").then(() => page.textContent("p")), { timeout: 20_000 })
    .toBe("Hello, dear Ada");

  expect(await page.evaluate("globalThis.isSame")).toBe(true);
  expect(failures).toEqual([]);
  await page.close();
});

it("report an edit that comes to another container, because that imports what is edited", async () => {
  const edit = (name: string, change: (code: string) => string): void =>
    writeFileSync(join(folder, name), change(readFileSync(join(folder, name), "utf8")));
  edit("src/app.js", (code) => `import "./greeter.js";\n${code}`);
  // Whoever comes first into a circle decides what is evaluated first.
  edit("src/main.js", (code) => `import "./greeter.js";\n${code}`);
  const page = await browser.newPage();
  const failures: string[] = [];
  page.on("pageerror", (error) => failures.push(error.message));
  const connected = page.waitForEvent("console", (message) => message.text().includes("connected."));
  await page.goto(vite!.resolvedUrls!.local[0]!);
  await connected;
  await expect.poll(() => page.textContent("p"), { timeout: 20_000 }).toBe("Hello, dear Ada");

  edit("src/greeter.js", (code) => code.replace("dear ${name}", "dearest ${name}"));
  await expect
    .poll(() => failures, { timeout: 20_000 })
    .toEqual([
      expect.stringContaining(
        "Cannot replace the services of an edited module: its new version has another scope",
      ),
    ]);
  await page.click("button");
  expect(await page.textContent("p")).toBe("Hello, dear Ada");
  await page.close();
});

it("are built without anything of hot", async () => {
  await build({ ...options, build: { minify: false } });
  const assets = join(folder, "dist/assets");
  const text = readdirSync(assets)
    .map((name) => readFileSync(join(assets, name), "utf8"))
    .join("\n");
  expect(text).toContain("VITE_");
  for (const word of ["import.meta.hot", "beginAnew", "gateOf"]) expect(text).not.toContain(word);
});
