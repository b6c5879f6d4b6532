// A page that is left and comes back as it was, from the back/forward cache of a real Chromium. That takes the whole browser:
// the headless shell, which is what npm has of it, tells every page that is left that it will not be back.
import { existsSync } from "node:fs";
import { chromium, type Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { launchOptions } from "../../support/chromium.mjs";
import { servePage, type PageServer } from "./page-server.ts";
import { projectWith } from "./project.ts";

const folder = projectWith("page.html", "page.mjs");

let server: PageServer;
let browser: Browser;

beforeAll(async () => {
  server = await servePage(folder);
  browser = await chromium.launch({
    ...(await launchOptions()),
    executablePath: wholeChromium(),
    ignoreDefaultArgs: ["--disable-back-forward-cache"], // which Playwright would set
  });
});

afterAll(async () => {
  await browser?.close();
  server?.close();
});

function wholeChromium(): string {
  const path = [process.env["CHROMIUM_PATH"], "/usr/bin/chromium"].find((it) => it && existsSync(it));
  if (path) return path;
  throw new Error(
    "The back/forward cache takes a whole Chromium: apt-get install chromium, or CHROMIUM_PATH",
  );
}

it("a page that was kept in the back/forward cache lives on when it comes back", async () => {
  const tabs = await browser.newContext();
  const page = await tabs.newPage();
  await page.goto(`${server.origin}/page.html`);
  await server.told("open");

  await page.goto(`${server.origin}/elsewhere`);
  await server.told("hidden");
  // From within the page, and not within the call: Playwright would wait for a load that does not come.
  await page.evaluate("void setTimeout(() => history.back())");
  await server.told("back: a row");
  expect(server.log).toEqual(["open", "hidden", "back: a row"]);

  await page.close();
  await server.told("hidden", 2);
  expect(server.log.slice(3)).toEqual(
    expect.arrayContaining(["orders begin to close", "orders closed", "db closed", "pagehide ok"]),
  );
});
