import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchBrowser } from "./browser.ts";
import { start, type Program } from "./program.ts";

let program: Program;
let browser: Browser;
beforeAll(async () => {
  [program, browser] = await Promise.all([start("node", ["playground/start.ts"]), launchBrowser()]);
});
afterAll(async () => {
  await browser?.close();
  program?.kill();
});

/** Opens the page anew, with nothing in its storage. `complaints` is all that the browser had against it. */
async function open(
  options: Parameters<Browser["newContext"]>[0] = {},
): Promise<{ page: Page; complaints: string[] }> {
  const page = await (await browser.newContext(options)).newPage();
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  // A violated policy is reported here as well.
  page.on("console", (message) => message.type() !== "info" && complaints.push(message.text()));
  await page.goto(`${program.url}/shortener`);
  return { page, complaints };
}

const scope = (page: Page, label: string, state: string) =>
  page.locator(`.scope[data-state="${state}"]`, { has: page.locator(`> .line strong:text-is("${label}")`) });

/** Slow motion takes its time: two pauses before the first answer, and a busy machine adds to them. */
const patience = { timeout: 10_000 };

async function expectAnswer(page: Page, text: RegExp): Promise<void> {
  await expect.poll(() => page.getByRole("status").textContent(), patience).toMatch(text);
}

async function shorten(page: Page, url: string): Promise<void> {
  await page.getByLabel("A long link").fill(url);
  await page.getByRole("button", { name: "Shorten" }).click();
}

describe("the page of the link shortener", () => {
  it("runs under a policy that lets in its own files and nothing else", async () => {
    const { page, complaints } = await open();
    const policy = (await (await page.request.get(`${program.url}/shortener`)).headers())[
      "content-security-policy"
    ];

    await scope(page, "GET /links", "closed").waitFor();

    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
    expect(policy).not.toMatch(/unsafe|nonce|sha256|\*|data:|http/);
    // Nothing in the page itself that such a policy would have to make an exception for.
    expect(await (await page.request.get(`${program.url}/shortener`)).text()).not.toMatch(
      /<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)/,
    );
    expect(complaints).toEqual([]);
  });

  it("shortens a link, follows it and counts the visit", async () => {
    const { page, complaints } = await open();
    const links = page.getByRole("listitem").filter({ has: page.getByRole("button", { name: /^Follow/ }) });

    await shorten(page, "https://example.com/a/long/path");
    await expectAnswer(page, /^201 \/[a-z2-9]{7} now leads to https:\/\/example\.com\/a\/long\/path/);
    await links.getByRole("button").click();
    await expectAnswer(page, /^302 leads to https:\/\/example\.com\/a\/long\/path/);

    await expect.poll(() => links.textContent(), patience).toContain("1 visit");
    expect(complaints).toEqual([]);
  });

  it("keeps its links when it is loaded again", async () => {
    const { page } = await open();
    await shorten(page, "https://example.com/kept");
    await page.getByText("/kept").first().waitFor();

    await page.reload();

    await expect
      .poll(() => page.locator("#links").textContent(), patience)
      .toContain("https://example.com/kept");
  });

  it("says why it refuses a link, and why it has none", async () => {
    const { page } = await open();

    await page.getByRole("button", { name: "A link that is refused" }).click();
    await expectAnswer(page, /^400 Only http and https links/);

    await page.getByRole("button", { name: "A link that is not there" }).click();
    await expectAnswer(page, /^404 There is no such link here/);
  });

  it("shows a scope open, work, close and be gone", async () => {
    const { page } = await open();
    await scope(page, "GET /links", "closed").waitFor();
    const shown = await page.evaluateHandle(() => {
      const shown: string[] = [];
      const observer = new MutationObserver((records) => {
        for (const { target } of records) {
          const { dataset } = target as HTMLElement;
          const name = (target as HTMLElement).querySelector("strong, code")?.textContent;
          if (!shown.includes(`${name} ${dataset["state"]}`)) shown.push(`${name} ${dataset["state"]}`);
        }
      });
      observer.observe(document.querySelector("#scopes")!, {
        subtree: true,
        attributeFilter: ["data-state"],
      });
      return shown;
    });

    await shorten(page, "https://example.com/watched");
    await scope(page, "POST /links", "closed").waitFor();

    const states = await shown.jsonValue();
    expect(states.filter((state) => state.startsWith("POST /links"))).toEqual([
      "POST /links open",
      "POST /links closing",
      "POST /links closed",
    ]);
    expect(states.filter((state) => state.startsWith("RequestLog"))).toEqual([
      "RequestLog built",
      "RequestLog disposing",
      "RequestLog disposed",
    ]);
    const store = page.locator("#moments li", { hasText: "built" }).filter({ hasText: "store" });
    expect(await store.textContent()).toMatch(/[5-9]\d\d ms|\d\.\d\d s$/);
    expect(await page.locator("#count").textContent()).toBe("2 opened, 0 open now");
  });

  it("opens five scopes at once", async () => {
    const { page } = await open();

    await page.getByRole("button", { name: "Five at once" }).click();

    await expect.poll(() => scope(page, "POST /links", "open").count(), patience).toBe(5);
    await expect.poll(() => page.locator("#count").textContent(), patience).toBe("6 opened, 0 open now");
  });

  it("shuts its container down while a request is under way, shows the report, and starts again", async () => {
    const { page, complaints } = await open();
    await page.getByRole("button", { name: "A slow request" }).click();
    await scope(page, "GET /slow", "open").locator('[data-state="built"]', { hasText: "Handler" }).waitFor();
    await scope(page, "GET /links", "closed").waitFor();

    await page.getByRole("button", { name: "Shut down" }).click();
    await page.getByRole("heading", { name: "Shutdown report" }).waitFor();

    expect(await page.locator("#report-summary").textContent()).toMatch(/^Everything was undone in /);
    const rows = await page
      .locator("#report-rows tr")
      .evaluateAll((trs) => trs.map((tr) => (tr as HTMLTableRowElement).cells[0]!.textContent));
    expect(rows).toEqual(["Handler", "RequestLog", "store"]);
    expect(await page.getByRole("status").textContent()).toMatch(/^503 Ended early/);
    await scope(page, "shortener", "closed").waitFor();
    // A keyboard or a screen reader is taken to the report.
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("report-title");

    await shorten(page, "https://example.com/late");
    await expectAnswer(page, /^503 /);

    await page.getByRole("button", { name: "Start again" }).click();
    await scope(page, "shortener", "open").waitFor();
    await shorten(page, "https://example.com/again");
    await expectAnswer(page, /^201 /);
    expect(complaints).toEqual([]);
  });

  it.each([360, 820, 1360])("fits a window %i pixels wide", async (width) => {
    const { page } = await open({ viewport: { width, height: 800 } });
    await shorten(page, `https://example.com/${"long".repeat(100)}`);
    await page.getByText("201").waitFor();

    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
  });

  it("shows the server's scopes too, and says when Ctrl+C has ended it", async () => {
    const { page } = await open();
    await page.getByRole("radio", { name: "The server" }).check();

    await shorten(page, "https://example.com/served");
    await expectAnswer(page, /^201 /);
    await page
      .getByRole("button", { name: /^Follow/ })
      .first()
      .click();
    await expectAnswer(page, /^302 leads to https:\/\/example\.com\/served/);
    await scope(page, "POST /links", "closed").waitFor();

    const { code, output, leftovers } = await program.interrupt("SIGINT");

    await page.getByText("The server has gone.").waitFor();
    expect(output).toContain(`The playground is at ${program.url}`);
    expect(output).toMatch(/^SIGINT: shut down in [\d.]+ ms, all went well$/m);
    expect(output).toMatch(/request scopes: (\d+) opened, \1 closed/);
    expect(code).toBe(0);
    expect(leftovers).toBe(false);
  });
});
