// A page in a real Chromium, which is left and closed, and the settings written into one.
import { chromium, type Browser, type BrowserContext, type Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { launchOptions } from "../../support/chromium.mjs";
import { servePage, type PageServer } from "./page-server.ts";
import { projectWith } from "./project.ts";

const folder = projectWith("page.html", "page.mjs", "settings.html");

let server: PageServer;
let browser: Browser;
let tabs: BrowserContext;

beforeAll(async () => {
  server = await servePage(folder);
  browser = await chromium.launch(await launchOptions());
  tabs = await browser.newContext();
});

afterAll(async () => {
  await browser?.close();
  server?.close();
});

beforeEach(() => void server.log.splice(0));

async function open(path: string): Promise<Page> {
  const page = await tabs.newPage();
  await page.goto(server.origin + path);
  return page;
}

describe("a page", () => {
  // All of it in the page's last turn: after `pagehide` it gets microtasks, and no timer.
  const inOrder = ["open", "orders begin to close", "orders closed", "db closed", "pagehide ok"];

  it("that is left for another one closes its services in order", async () => {
    const page = await open("/page.html");
    await server.told("open");

    await page.goto(`${server.origin}/elsewhere`);

    await server.told("hidden");
    expect(server.log.filter((line) => line !== "hidden")).toEqual(inOrder);
  });

  it("that is closed with its tab closes its services in order", async () => {
    const page = await open("/page.html");
    await server.told("open");

    await page.close();

    await server.told("hidden");
    expect(server.log.filter((line) => line !== "hidden")).toEqual(inOrder);
  });

  it("reads the settings that were written into it, the most specific first", async () => {
    const page = await open("/settings.html");

    expect(await page.evaluate("Object.entries(read)")).toEqual([
      ["A", "global"],
      ["B", "json"],
      ["C", "attribute"],
      ["PORT", "8080"],
      ["__proto__", "x"],
      ["API_URL", "/api"],
    ]);
  });
});
