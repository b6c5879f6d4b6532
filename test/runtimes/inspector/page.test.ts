// The inspector's page in a real Chromium: names that would like to be markup, the keyboard, what a screen reader is told, and
// a program that goes on meanwhile.
import { serve } from "srvx/node";
import type { Browser, Page } from "playwright-core";
import { createContainer, type Scope, singleton, token } from "thimble";
import { inspector } from "thimble/inspector";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchBrowser } from "../../playground/browser.ts";
import { container, hostile, hostileContainer } from "./program.mjs";

let browser: Browser;
const servers: { close(force?: boolean): Promise<void> }[] = [];
const pages = new Map<string, (request: Request) => Promise<Response>>();
let url: string;

beforeAll(async () => {
  const server = serve({
    port: 0,
    hostname: "localhost",
    silent: true,
    gracefulShutdown: false,
    fetch: async (request) => {
      const [, name] = /^\/(\w+)/.exec(new URL(request.url).pathname) ?? [];
      return (await pages.get(name!)?.(request)) ?? new Response(null, { status: 404 });
    },
  });
  servers.push(server);
  [, browser] = await Promise.all([server.ready(), launchBrowser()]);
  url = server.url!;
});
afterAll(async () => {
  await browser?.close();
  for (const server of servers) await server.close(true);
});

/** Mounts an inspector and opens its page. `complaints` is all that the browser had against it. */
async function open(
  name: string,
  scope: Scope,
  options: Parameters<Browser["newContext"]>[0] = {},
): Promise<{ page: Page; complaints: string[]; asked: string[] }> {
  const authorize = (request: Request): boolean =>
    new URL(request.url).searchParams.get("token") === "letmein";
  pages.set(name, inspector(scope, { authorize, basePath: `/${name}` }));
  const page = await (
    await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options })
  ).newPage();
  const complaints: string[] = [];
  const asked: string[] = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => complaints.push(message.text()));
  page.on("request", (request) => asked.push(request.url()));
  await page.goto(`${url}${name}?token=letmein`);
  await page.getByText("live", { exact: true }).waitFor();
  await page.locator("svg .node").first().waitFor();
  return { page, complaints, asked };
}

const visible = (name: string): string =>
  name.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (it) => `\\u{${it.codePointAt(0)!.toString(16)}}`);
const focused = (page: Page): Promise<string | null> =>
  page.evaluate(
    () => document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.textContent ?? null,
  );

describe("the inspector's page", () => {
  it("shows names that would like to be markup as what they are, and runs nothing of them", async () => {
    const { app, start } = hostileContainer() as { app: Scope; start(): Promise<void> };
    await start();
    const { page, complaints } = await open("evil", app);
    for (const button of await page.getByRole("navigation").getByRole("button").all()) await button.click();
    await page.locator("#health-rows li").first().waitFor();

    expect(await page.evaluate(() => (globalThis as { pwned?: unknown }).pwned)).toBe(undefined);
    expect(await page.locator("img, iframe, object, embed, a").count()).toBe(0);
    expect(await page.locator("script").count()).toBe(1);
    const names = await page.locator("#services .name").allTextContents();
    expect(names).toEqual([...hostile, hostile[2]!].map(visible));
    const titles = await page.locator("svg .node title").allTextContents();
    expect(titles.toSorted()).toEqual(names.toSorted());
    expect(await page.locator("#detail-title").textContent()).toBe(hostile[2]);
    expect(complaints).toEqual([]);
  });

  it("asks its own inspector for everything, with what has let the page in, and nobody else", async () => {
    const { page, asked } = await open("alone", createContainer(singleton(token("a"), () => ({}))));
    await page.locator("#health-summary", { hasText: "No service" }).waitFor();

    expect([...new Set(asked)].map((it) => it.replace(url, "")).toSorted()).toEqual(
      ["alone", "alone/events", "alone/graph.json", "alone/health.json"]
        .map((it) => `${it}?token=letmein`)
        .toSorted(),
    );
    const refused = await page.request.get(`${url}alone`);
    expect([refused.status(), await refused.text()]).toEqual([403, "Forbidden\n"]);
  });

  it("draws every service and every edge once, and says of both what they are in more than a colour", async () => {
    const { app, start } = container() as { app: Scope; start(): Promise<void> };
    await start();
    const { page, complaints } = await open("shop", app);
    const data = await (await page.request.get(`${url}shop/graph.json?token=letmein`)).json();
    const edges = data.services.flatMap((it: { dependencies: unknown[] }) => it.dependencies);

    expect(await page.locator("svg .node").count()).toBe(data.services.length);
    expect(await page.locator("svg .edges path").count()).toBe(edges.length);
    expect(await page.locator("svg .edges .soft").count()).toBe(1);
    expect(await page.locator("svg .edges .dynamic").count()).toBeGreaterThan(0);
    const kinds = await page.locator("svg .node .kind").allTextContents();
    for (const word of [
      "value",
      "singleton, built",
      "singleton, building",
      "scoped",
      "transient",
      "alias",
      "later",
      "missing",
    ])
      expect(
        kinds.some((it) => it.startsWith(word)),
        word,
      ).toBe(true);
    // No two boxes lie on each other.
    const boxes = await page
      .locator("svg .node rect")
      .evaluateAll((all) => all.map((it) => it.getBoundingClientRect().toJSON()));
    const overlapping = boxes.flatMap((a) =>
      boxes.filter(
        (b) => a !== b && a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom,
      ),
    );
    expect(overlapping).toEqual([]);
    await page.getByRole("button", { name: "Slow" }).first().click();
    expect(await page.locator("#detail-body").textContent()).toMatch(/Being builtfor [\d.]+ m?s/);
    expect(await page.content()).not.toContain("hunter2");
    expect(complaints).toEqual([]);
  });

  it("lights what a service depends on, when it is pointed at and when it has the focus", async () => {
    const [A, B, C, D] = ["a", "b", "c", "d"].map((name) => token<object>(name));
    const make = (): object => ({});
    const scope = createContainer(
      singleton(A!, [B!] as never, make as never),
      singleton(B!, [C!] as never, make as never),
      singleton(C!, make),
      singleton(D!, [C!] as never, make as never),
    ) as Scope;
    const { page } = await open("lit", scope);
    const lit = async (): Promise<string[]> =>
      (await page.locator("svg .node.lit title").allTextContents()).toSorted();
    const node = (name: string) =>
      page.locator("svg .node", { has: page.locator(`title:text-is("${name}")`) });

    expect(await lit()).toEqual([]);
    await node("a").hover();
    expect(await lit()).toEqual(["a", "b", "c"]);
    expect(await page.locator("svg .edges .lit").count()).toBe(2);
    await page.getByLabel("Search services").hover();
    expect(await lit()).toEqual([]);
    await node("d").focus();
    expect(await lit()).toEqual(["c", "d"]);
    await node("c").focus();
    expect(await lit()).toEqual(["b", "c", "d"]);
  });

  it("is used with the keyboard alone", async () => {
    const [A, B, C] = ["alpha", "beta", "gamma"].map((name) => token<object>(name));
    const make = (): object => ({});
    const scope = createContainer(
      singleton(A!, [B!] as never, make as never),
      singleton(B!, [C!] as never, make as never),
      singleton(C!, make),
    ) as Scope;
    const { page } = await open("keys", scope);
    const press = async (...keys: string[]): Promise<string | null> => {
      for (const key of keys) await page.keyboard.press(key);
      return await focused(page);
    };

    await press("/");
    await page.keyboard.type("beta singleton");
    expect(await page.locator("#services .name").allTextContents()).toEqual(["beta"]);
    expect(await page.locator("#matches").textContent()).toBe("1 service found");
    await press("Tab", "Enter");
    expect(await page.locator("#detail-title").textContent()).toBe("beta");
    // After the list: the tools of the drawing, then one stop for the whole drawing.
    await press("Tab", "Tab", "Tab");
    expect(await press("Tab")).toMatch(
      /^beta, singleton, not-built, in root#0\. Depends on 1 service, 1 depend on it/,
    );
    expect(await press("ArrowRight")).toMatch(/^gamma, /);
    expect(await press("ArrowLeft", "ArrowLeft")).toMatch(/^alpha, /);
    expect(await press("ArrowDown")).toMatch(/^beta, /);
    expect(await press("End")).toMatch(/^gamma, /);
    await press("Enter");
    expect(await page.locator("#detail-title").textContent()).toBe("gamma");
    expect(await page.locator('svg .node[aria-pressed="true"] title').textContent()).toBe("gamma");
    expect(await press("Tab")).toMatch(/^beta/);
    await press("Enter");
    expect(await page.locator("#detail-title").textContent()).toBe("beta");
    expect(await press("Tab", "Tab")).toBe("alpha");
  });

  it("tells a screen reader what is where: headings, landmarks, and a name for each thing", async () => {
    const { app, start } = container() as { app: Scope; start(): Promise<void> };
    await start();
    const { page } = await open("tree", app);
    const tree = await page.locator("body").ariaSnapshot();

    for (const line of [
      'heading "Inspector" [level=1]',
      'heading "Graph" [level=2]',
      'heading "Timeline" [level=2]',
      'navigation "Services"',
      'region "Graph"',
      'region "Details"',
      'searchbox "Search services"',
      'group "Graph of ',
      'list "What has happened, the newest first"',
      'button "Database, singleton, built, in shop#0. Depends on 2 services, ',
      'button "Larger"',
    ])
      expect(tree).toContain(line);
    // Everything that takes the focus has a name and a role.
    const session = await page.context().newCDPSession(page);
    const { nodes } = (await session.send("Accessibility.getFullAXTree")) as {
      nodes: {
        ignored: boolean;
        role?: { value: string };
        name?: { value: string };
        properties?: { name: string; value: { value: unknown } }[];
      }[];
    };
    const focusable = nodes.filter((it) =>
      it.properties?.some((p) => p.name === "focusable" && p.value.value === true),
    );
    expect(focusable.length).toBeGreaterThan(20);
    for (const { role, name } of focusable) {
      if (role?.value === "RootWebArea" || role?.value === "generic") continue;
      expect(name?.value, role?.value).toBeTruthy();
      expect(["button", "searchbox", "list", "region"]).toContain(role?.value);
    }
  });

  it("follows the program: what is built, opened and disposed shows up by itself", async () => {
    const [Db, Cart] = [token<object>("db"), token<object>("cart")];
    const scope = createContainer(singleton(Db, () => ({}), { dispose: () => undefined }));
    const { page, complaints } = await open("live", scope);
    const node = (name: string, state: string) =>
      page.locator(`svg .node[data-state="${state}"]`, { has: page.locator(`title:text-is("${name}")`) });

    await node("db", "not-built").waitFor();
    scope.get(Db);
    await node("db", "built").waitFor();
    const request = scope.createScope(
      "request",
      singleton(Cart, () => ({}), { dispose: () => undefined }),
    );
    request.get(Cart);
    await node("cart", "built").waitFor();
    await page.getByText("2 services · 2 scopes · 2 built").waitFor();
    await request.shutdown();
    await page.getByText("1 service · 1 scope · 1 built").waitFor();

    const told = await page.locator("#timeline .what").allTextContents();
    expect(told).toEqual(["request#1 closed", "cart disposed", "cart built", "request#1 opened", "db built"]);
    expect(complaints).toEqual([]);
  });

  it("of a program with very many services draws what is around the one that is chosen", async () => {
    const names = Array.from({ length: 400 }, (_, index) => token<object>(`t${index}`));
    const make = (): object => ({});
    const providers = names.map((it, index) =>
      singleton(it, names.slice(index + 1, index + 2) as never, make as never),
    );
    const scope = createContainer(...(providers as never[])) as Scope;
    pages.set("many", inspector(scope, { authorize: () => true, basePath: "/many" }));
    const page = await (await browser.newContext()).newPage();
    await page.goto(`${url}many`);
    await page.getByText("Choose one to draw what is around it").waitFor();
    await page.getByLabel("Search services").fill("t200");
    await page.getByRole("navigation").getByRole("button").click();

    expect((await page.locator("svg .node title").allTextContents()).toSorted()).toEqual([
      "t198",
      "t199",
      "t200",
      "t201",
      "t202",
    ]);
  });

  it.each([
    ["light", 1280],
    ["dark", 1280],
    ["light", 390],
    ["dark", 390],
  ] as const)(
    "is readable in %s, %i pixels wide: no text is cut off, and it is told from its background",
    async (colorScheme, width) => {
      const { app, start } = container() as { app: Scope; start(): Promise<void> };
      await start();
      const { page } = await open(`look${colorScheme}${width}`, app, {
        colorScheme,
        viewport: { width, height: 844 },
      });

      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
      // WCAG AA, of text on the backgrounds that it stands on.
      const contrasts = await page.evaluate(() => {
        const rgb = (text: string): number[] => {
          const canvas = document.createElement("canvas").getContext("2d")!;
          canvas.fillStyle = text;
          canvas.fillRect(0, 0, 1, 1);
          return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
        };
        const luminance = (text: string): number => {
          const [r, g, b] = rgb(text).map((it) =>
            it / 255 <= 0.04045 ? it / 255 / 12.92 : ((it / 255 + 0.055) / 1.055) ** 2.4,
          );
          return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
        };
        const backgroundOf = (it: Element): string => {
          for (let at: Element | null = it; at; at = at.parentElement) {
            const { backgroundColor } = getComputedStyle(at);
            if (!/, 0\)$|transparent/.test(backgroundColor)) return backgroundColor;
          }
          return "white";
        };
        const pairs = [
          ...document.querySelectorAll(
            "h1, h2, h3, p, dt, dd, label, strong, time, .name, .quiet, .what, button",
          ),
        ].map((it) => [it.tagName, getComputedStyle(it).color, backgroundOf(it)]);
        for (const text of document.querySelectorAll("svg text"))
          pairs.push([
            "text",
            getComputedStyle(text).fill,
            getComputedStyle(text.parentElement!.querySelector("rect")!).fill,
          ]);
        return pairs.map(([name, a, b]) => {
          const [light, dark] = [luminance(a!), luminance(b!)].sort((x, y) => y - x);
          return [name, a, b, (light! + 0.05) / (dark! + 0.05)] as const;
        });
      });
      expect(contrasts.length).toBeGreaterThan(50);
      expect(contrasts.filter(([, , , ratio]) => ratio < 4.5)).toEqual([]);
    },
  );
});
