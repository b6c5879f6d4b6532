// The line that a user writes, in real development servers: Vite with a page in Chromium, Vite's module runner, and Bun. The
// services are edited on the disk; the program keeps running, and what it holds from its first load gives the new service.
import { spawn, type ChildProcess } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { chromium, type Browser, type Page } from "playwright-core";
import { build, createServer, createServerModuleRunner, type ViteDevServer } from "vite";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { launchOptions } from "../../support/chromium.mjs";
import { root } from "../../support/package.ts";
import { createProject, type Project } from "./project.ts";

let browser: Browser;
let project: Project;
let vite: ViteDevServer | undefined;
let bun: ChildProcess | undefined;

beforeAll(async () => void (browser = await chromium.launch(await launchOptions())));
afterAll(() => browser?.close());
afterEach(async () => {
  await vite?.close();
  bun?.kill();
  vite = bun = undefined;
  project.remove();
});

/** Looks until something is so: what an edit leads to is told by nothing else. */
async function until(isSo: () => unknown, what: string): Promise<void> {
  const end = Date.now() + 20_000;
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error(`It never came to this: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

const viteOptions = () => ({
  root: project.path,
  configFile: false as const,
  logLevel: "silent" as const,
  cacheDir: join(project.path, ".vite"),
  server: { port: 0, host: "127.0.0.1", fs: { strict: false } },
});

async function open(url: string): Promise<Page> {
  const page = await browser.newPage();
  // A page that a server has no connection to yet is reloaded by Bun at the first edit.
  const connected = page.waitForEvent("console", (message) => /connected[.,]/.test(message.text()));
  await page.goto(url);
  await page.waitForFunction("globalThis.said");
  await connected;
  await aMoment();
  return page;
}

/** Watchers may take two changes that follow each other closely for one. */
const aMoment = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 500));

/** Edits the services, also with a version that throws, and looks at what the page says. */
async function editAll(page: Page, mayThrow = true): Promise<void> {
  const said = (): Promise<string> => page.evaluate<string>("globalThis.said()");
  const log = (): Promise<string[]> => page.evaluate<string[]>("globalThis.log");
  expect(await said()).toBe("one true");

  project.edit("two");
  await until(async () => (await said()) === "two true", "the page says two");
  expect(await log()).toEqual(["evaluated one", "evaluated two", "disposed one"]);

  await aMoment();
  if (mayThrow) {
    project.edit("broken", `globalThis.log.push("throws"); throw new Error("broken");`);
    await until(async () => (await log()).includes("throws"), "the broken version is evaluated");
    await aMoment();
  }
  expect(await said()).toBe("two true");

  project.edit("three");
  await until(async () => (await said()) === "three true", "the page says three");
  expect((await log()).slice(-2)).toEqual(["evaluated three", "disposed two"]);
  expect(await page.evaluate("globalThis.marker")).toBe("the first load");
}

describe("hot", () => {
  it("replaces services in a page of Vite's development server, without a reload", async () => {
    project = createProject();
    vite = await createServer(viteOptions());
    await vite.listen();
    const page = await open(vite.resolvedUrls!.local[0]!);
    await page.evaluate("globalThis.isSame = true");
    await editAll(page);
    expect(await page.evaluate("globalThis.isSame")).toBe(true);
    await page.close();
  });

  it("replaces services in Vite's module runner, on the server", async () => {
    project = createProject();
    const world = globalThis as unknown as { log?: string[]; said?: unknown; marker?: unknown };
    delete world.log;
    vite = await createServer({
      ...viteOptions(),
      server: { middlewareMode: true, fs: { strict: false } },
      appType: "custom",
    });
    const runner = createServerModuleRunner(vite.environments.ssr, { hmr: { logger: false } });
    const { said } = (await runner.import("/main.js")) as { said(): string };
    expect(said()).toBe("one true");
    project.edit("two");
    await until(() => said() === "two true", "the module runner has two");
    await aMoment();
    project.edit("three");
    await until(() => said() === "three true", "the module runner has three");
    expect(world.log).toEqual([
      "evaluated one",
      "evaluated two",
      "disposed one",
      "evaluated three",
      "disposed two",
    ]);
    await runner.close();
    for (const name of ["log", "said", "marker"] as const) delete world[name];
  });

  it("replaces services in a page of Bun's development server, without a reload", async () => {
    project = createProject();
    bun = spawn(join(root, "node_modules/.bin/bun"), ["serve.js"], {
      cwd: project.path,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    bun.stdout!.on("data", (text) => (output += String(text)));
    bun.stderr!.on("data", (text) => (output += String(text)));
    await until(() => /at http\S+/.test(output), "Bun serves");
    const page = await open(/at (http\S+)/.exec(output)![1]!);
    await page.evaluate("globalThis.isSame = true");
    // Bun itself reloads the page for a version that throws.
    await editAll(page, false);
    expect(await page.evaluate("globalThis.isSame")).toBe(true);
    await page.close();
  });

  it("leaves nothing of itself in a production build", async () => {
    project = createProject();
    const outDir = join(project.path, "out");
    await build({ ...viteOptions(), build: { outDir, minify: false } });
    const text = readdirSync(join(outDir, "assets"))
      .map((name) => readFileSync(join(outDir, "assets", name), "utf8"))
      .join("\n");
    expect(text).toContain("the first load");
    // Words of `hot`, and of what only it uses.
    for (const word of ["hot takes import.meta.hot.data", "import.meta.hot", "beginAnew", "gateOf"])
      expect(text).not.toContain(word);
  });
});
