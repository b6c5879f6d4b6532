// thimble/react in a real page, with the development build of React, which has StrictMode, and with the one of production; and
// on the server, with all three ways to render there.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { chromium, type Browser, type Page } from "playwright-core";
import { createElement, StrictMode, Suspense, type ReactElement } from "react";
import { renderToPipeableStream, renderToReadableStream, renderToString } from "react-dom/server";
import { createContainer, scoped, singleton, token, transient, value } from "thimble";
import { observe } from "thimble/observe";
import { ScopeProvider, useScope, useService } from "thimble/react";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchOptions } from "../../support/chromium.mjs";
import { installPinned } from "../../support/install.ts";
import { root } from "../../support/package.ts";

interface Outcome {
  readonly said: readonly string[];
  readonly scopes: { readonly opened: number; readonly closed: number };
  /** How many scopes the container still has. */
  readonly left: number;
  /** What observers, and React, were told. */
  readonly errors: readonly string[];
  /** What nobody handled. */
  readonly unheard: readonly string[];
  readonly builds?: number;
}

const react18 = mkdtempSync(join(tmpdir(), "thimble-react-18-"));
let browser: Browser;
beforeAll(async () => {
  installPinned(join(import.meta.dirname, "react-18"), react18);
  browser = await chromium.launch(await launchOptions());
});
afterAll(async () => {
  await browser?.close();
  rmSync(react18, { recursive: true });
});

/** The versions of React that are a peer of `thimble/react`. Only 19 is installed beside the other packages. */
type Version = 18 | 19;

/** A page with the situations, bundled as an application would be. */
async function pageWith(
  version: Version,
  mode: "development" | "production",
): Promise<{ page: Page; warnings: string[] }> {
  const at = (name: string): string => join(react18, "node_modules", name);
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL("page.jsx", import.meta.url))],
    absWorkingDir: root,
    bundle: true,
    write: false,
    format: "iife",
    jsx: "automatic",
    // Without it esbuild would follow `paths` of tsconfig.json into src/.
    tsconfigRaw: {},
    define: { "process.env.NODE_ENV": JSON.stringify(mode) },
    ...(version === 18 && { alias: { react: at("react"), "react-dom": at("react-dom") } }),
  });
  const page = await browser.newPage();
  const warnings: string[] = [];
  page.on("console", (message) => warnings.push(message.text()));
  await page.setContent("<!doctype html><title>thimble/react</title><body></body>");
  await page.addScriptTag({ content: outputFiles[0]!.text });
  return { page, warnings };
}

const strictLeaf = ["leaf in", "leaf out, open, true"];

/** What is said where React is the development build, and how often what was built. */
const expected: Record<string, Partial<Outcome> & { readonly saidIn18?: readonly string[] }> = {
  "a scope for a component under StrictMode": {
    said: [
      "opened page",
      "built Cart",
      ...strictLeaf,
      "leaf in",
      "leaf out, open, true",
      "disposed Cart",
      "closed page",
    ],
  },
  "a container of its own": { said: ["shop, true, open", "disposed Cart"] },
  "a child suspends, with a Suspense inside of the provider": { builds: 1 },
  "a child suspends, with a Suspense outside of the provider": { builds: 1 },
  "a child suspends outside of a Suspense under StrictMode, for as long as a build takes": {
    builds: 1,
    said: ["opened page", "built rates", "<p>ready</p>", "closed page"],
  },
  "it is left while a child waits": { said: ["opened page", "disposed rates", "closed page"] },
  "an Activity around the provider is hidden and shown": {
    said: ["leaf out, open, true", "inner leaf out, open, true", "closed dialog", "closed page", "hidden"],
  },
  "an Activity that is hidden from the beginning": { said: [] },
  "providers inside of one another": {
    said: [
      "outer leaf out, open, true",
      "inner leaf out, open, true",
      "disposed the cart of dialog",
      "closed dialog",
      "disposed the cart of page",
      "closed page",
    ],
  },
  "requests of a page, one of which is in flight when it is left": {
    said: [
      "opened page",
      ...["opened request", "built Cart", "disposed Cart", "closed request"],
      ...["opened request", "built Cart", "disposed Cart", "closed request"],
      "closed page",
    ],
  },
  "a build fails, and the boundary tries again": {
    builds: 3,
    said: ["opened page", "caught no rates 1", "caught no rates 2", "built rates", "closed page"],
    // React 18 tells a boundary of the error of each child that has thrown it.
    saidIn18: [
      "opened page",
      ...["caught no rates 1", "caught no rates 1", "caught no rates 2", "caught no rates 2"],
      ...["built rates", "closed page"],
    ],
  },
  "a factory throws": { said: ["opened page", "caught no rates", "closed page"] },
  "what is missing or wrong": {
    said: [
      "caught SCOPE_NOT_FOUND",
      "caught ScopeProvider takes either an open scope or a list of providers",
      "caught ScopeProvider takes either an open scope or a list of providers",
      "caught NOT_PROVIDED",
      "caught DUPLICATE",
    ],
  },
  "the scope above is replaced": {
    said: ["leaf out, open, true", "opened page", "closed page", "built Cart", ...strictLeaf, "leaf in"],
    // React 18 renders what is new in the turn in which the old scope is left.
    saidIn18: ["leaf out, open, true", "opened page", "built Cart", ...strictLeaf, "leaf in", "closed page"],
  },
  "providers that are another list each time, and another key": {
    said: ["opened page", "opened page", "closed page", "closed page"],
  },
  transients: { scopes: { opened: 1, closed: 1 } },
  "what is replaced is had anew by the next rendering": {
    said: ["opened page", "built name", "built name", "closed page"],
  },
  "a service with a method then": { said: ["built draft", "built Query"] },
  "a disposer fails": { errors: ["SHUTDOWN_FAILED"] },
};

const versions = ([19, 18] as const).flatMap((version) =>
  (["development", "production"] as const).map((mode) => ({ version, mode })),
);

describe.each(versions)("in a page, with the $mode build of React $version", ({ version, mode }) => {
  // Activity has come with React 19.
  const names = Object.keys(expected).filter((name) => version > 18 || !name.startsWith("an Activity"));
  let page: Page;
  let warnings: string[];
  beforeAll(async () => {
    ({ page, warnings } = await pageWith(version, mode));
  });

  it("all situations are listed here", async () => {
    expect(Object.keys(expected)).toEqual(await page.evaluate("names"));
    expect(await page.evaluate("version")).toMatch(new RegExp(`^${version}[.]`));
  });

  it.each(names)("as many scopes are closed as were opened: %s", async (name) => {
    warnings.length = 0;
    const { said, saidIn18 = said, ...more } = expected[name]!;
    const outcome = await page.evaluate<Outcome>(`play(${JSON.stringify(name)})`);
    // React 18 has no way to take an error that a boundary has caught without telling the page and the console.
    const isLoud = version === 18 && said?.some((it) => it.startsWith("caught"));
    const silence = isLoud ? {} : { unheard: [] };
    expect(outcome).toMatchObject({ left: 0, errors: [], ...silence, ...more });
    expect(outcome.scopes.closed).toBe(outcome.scopes.opened);
    // Only the development build repeats effects under StrictMode.
    const withoutRepeats = (all: readonly string[]): string =>
      all.join().replaceAll(`${strictLeaf.join()},leaf in`, "leaf in");
    expect(withoutRepeats(outcome.said)).toBe(
      withoutRepeats((version === 18 ? saidIn18 : said) ?? outcome.said),
    );
    expect(isLoud ? [] : warnings).toEqual([]);
  });
});

describe("on the server", () => {
  class Cart {
    items = ["book"];
  }
  const Rates = token<string>("rates");
  const Failing = token<string>("failing");
  const Model = token<object>("model");

  let built = 0;
  const app = createContainer(
    scoped(Cart),
    scoped(Rates, async () => {
      built++;
      await new Promise((resolve) => setTimeout(resolve, 20));
      return "rates";
    }),
    scoped(Failing, async () => {
      await Promise.resolve();
      throw new Error("no rates");
    }),
    transient(Model, () => ({})),
  );

  const Items = (): ReactElement => createElement("p", null, useService(Cart).items);
  const Prices = (): ReactElement => createElement("b", null, useService(Rates));
  const Fails = (): ReactElement => createElement("b", null, useService(Failing));

  /** A page of a request, whose scope the handler has opened, with a scope of a component in it. */
  const pageIn = (scope: ReturnType<typeof app.createScope>): ReactElement =>
    createElement(
      StrictMode,
      null,
      createElement(
        ScopeProvider,
        { scope },
        createElement(Items),
        createElement(Suspense, { fallback: "wait" }, createElement(Prices), createElement(Prices)),
        createElement(
          ScopeProvider,
          { name: "dialog", providers: [value(Rates, "none")] },
          createElement(Items),
        ),
      ),
    );

  /** Renders in a request scope; tells what was opened besides that, and whether all of it has closed. */
  async function request(render: (scope: ReturnType<typeof app.createScope>) => unknown): Promise<unknown> {
    let opened = 0;
    let closed = 0;
    const forget = observe(app, { scopeOpened: () => void opened++, scopeClosed: () => void closed++ });
    const scope = app.createScope("request");
    built = 0;
    try {
      return await render(scope);
    } finally {
      expect((await scope.shutdown()).ok).toBe(true);
      forget();
      expect([opened, closed]).toEqual([1, 1]);
    }
  }

  it("a stream of Node waits for what suspends, and only the scope that is given is used", async () => {
    const html = await request((scope) => {
      const out = new PassThrough();
      const { pipe } = renderToPipeableStream(pageIn(scope), { onShellReady: () => void pipe(out) });
      return text(out);
    });
    expect(html).toMatch(/<p>book<\/p>.*<b>rates<\/b><b>rates<\/b>/s);
    expect(String(html).match(/<p>/g)).toHaveLength(1);
    expect(built).toBe(1);
  });

  it("a web stream does", async () => {
    const html = await request(async (scope) => {
      const stream = await renderToReadableStream(pageIn(scope));
      await stream.allReady;
      return new Response(stream).text();
    });
    expect(html).toContain("<p>book</p><!--$--><b>rates</b><b>rates</b><!--/$-->");
    expect(built).toBe(1);
  });

  it("a text has the fallback for what suspends", async () => {
    const html = await request((scope) => renderToString(pageIn(scope)));
    expect(html).toContain("<p>book</p>");
    expect(html).toContain("wait");
    expect(html).not.toContain("rates</b>");
  });

  it("a failure is told to React once for each component, and leaves no rejection that nobody handles", async () => {
    const errors: string[] = [];
    const html = await request(async (scope) => {
      const element = createElement(
        ScopeProvider,
        { scope },
        createElement(Suspense, { fallback: "wait" }, createElement(Fails)),
      );
      const stream = await renderToReadableStream(element, {
        onError: (error) => void errors.push((error as Error).message),
      });
      return new Response(stream).text();
    });
    expect(errors).toEqual(["no rates"]);
    expect(html).toContain("wait");
  });

  it("two requests have services of their own", async () => {
    const texts = await Promise.all(
      ["Ada", "Ben"].map((name) => {
        const Name = token<string>("name");
        const Hello = (): string => `Hello, ${useService(Name)} in ${useScope().name}`;
        const scope = app.createScope(
          name,
          singleton(Name, async () => name),
        );
        return renderToReadableStream(createElement(ScopeProvider, { scope }, createElement(Hello)))
          .then((stream) => new Response(stream).text())
          .finally(() => void scope.shutdown());
      }),
    );
    expect(texts.map((it) => it.replaceAll(/<!--.*?-->/g, ""))).toEqual([
      "Hello, Ada in Ada",
      "Hello, Ben in Ben",
    ]);
    await app.shutdown();
  });
});
