import { readdirSync } from "node:fs";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
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

const desktop = { viewport: { width: 1440, height: 900 } };
const phone = { viewport: { width: 390, height: 844 }, hasTouch: true };

/** Opens the page anew. `complaints` is all that the browser had against it, `elsewhere` what was asked of other servers. */
async function open(hash = "", options: Parameters<Browser["newContext"]>[0] = {}) {
  const context = await browser.newContext({ ...desktop, ...options });
  onTestFinished(() => context.close());
  const page = await context.newPage();
  const complaints: string[] = [];
  const elsewhere: string[] = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => complaints.push(message.text()));
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(`${program.url}/`) && !url.startsWith("blob:")) elsewhere.push(url);
  });
  await page.goto(`${program.url}/${hash}`);
  return { page, complaints, elsewhere };
}

const patience = { timeout: 20_000 };

const status = (page: Page) => page.locator("#status");

async function expectStatus(page: Page, text: RegExp): Promise<void> {
  await expect.poll(() => status(page).textContent(), patience).toMatch(text);
}

const lines = (page: Page): Promise<string[]> => page.locator("#lines .printed").allTextContents();

/** The lines that are marked in the editor, by their numbers, with what stands below them. */
async function marked(page: Page): Promise<[number, string][]> {
  return await page.locator("#editor .cm-content").evaluate((content) => {
    const found: [number, string][] = [];
    const gutter = [
      ...content.parentElement!.querySelectorAll<HTMLElement>(".cm-lineNumbers .cm-gutterElement"),
    ];
    for (const line of content.querySelectorAll(".cm-failed")) {
      const { top } = line.getBoundingClientRect();
      const number = gutter.find((it) => Math.abs(it.getBoundingClientRect().top - top) < 3);
      found.push([Number(number?.textContent), line.nextElementSibling?.textContent ?? ""]);
    }
    return found;
  });
}

const scope = (page: Page, id: string) =>
  page.locator(".scope", { has: page.locator(`> .line strong:text-is("${id}")`) });

async function expectState(page: Page, id: string, state: string): Promise<void> {
  await expect.poll(() => scope(page, id).getAttribute("data-state"), patience).toBe(state);
}

/** Puts another program in place of the one that is there. */
async function write(page: Page, text: string): Promise<void> {
  await page.getByRole("textbox", { name: "Program" }).fill(text);
}

const run = (page: Page) => page.getByRole("button", { name: "Run" }).click();

describe("the playground", () => {
  it("runs its first example by itself, under a policy that lets in its own files and nothing else", async () => {
    const { page, complaints, elsewhere } = await open();

    await expectStatus(page, /^Ran in .* 3 scopes are open/);

    await expect.poll(() => lines(page), patience).toEqual(["Hello, Ada", "Hello, Ben"]);
    const { "content-security-policy": policy } = (await page.request.get(program.url)).headers();
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
    expect(policy).not.toMatch(/unsafe|nonce|sha256|\*|data:|http/);
    expect(complaints).toEqual([]);
    expect(elsewhere).toEqual([]);
  });

  it("draws the tree, the graph and the timeline", async () => {
    const { page } = await open("#example=first");
    await expectStatus(page, /^Ran in/);

    await scope(page, "app#0").locator("> .line").getByText("Users").waitFor();
    await expect
      .poll(() => scope(page, "app#0").locator(".scope strong").allTextContents(), patience)
      .toEqual(["request#2", "request#1"]);
    const nodes = page.locator("#canvas .node");
    await expect.poll(() => nodes.count(), patience).toBe(6);
    expect((await nodes.locator("title").allTextContents()).sort()).toEqual([
      "Cache",
      "Db",
      "Greeter",
      "Users",
      "visitor",
      "visitor",
    ]);
    await expect.poll(() => page.locator("#canvas .edges path").count(), patience).toBe(5);
    await expect
      .poll(() => page.locator("#threads .lane-label").allTextContents(), patience)
      .toEqual(["app#0", "Users", "Db", "Cache", "request#1", "Greeter", "request#2", "Greeter"]);
    // Independent ones are built at the same time.
    const [db, cache] = await page
      .locator("#threads .lane:nth-child(-n + 4) .mark[data-kind=build]")
      .evaluateAll((marks) =>
        marks.slice(1).map((mark) => Number((mark as HTMLElement).style.getPropertyValue("--from"))),
      );
    expect(Math.abs(db! - cache!)).toBeLessThan(0.05);
  });

  it("closes a scope by hand, and the container last, as the tree, the timeline and the report show", async () => {
    const { page } = await open("#example=first");
    await expectStatus(page, /^Ran in/);

    await page.getByRole("button", { name: "Close: request#1" }).click();
    await expectStatus(page, /^close request#1: closed$/);

    await expectState(page, "request#1", "closed");
    await expectState(page, "request#2", "open");
    const disposals = page.locator('#threads .mark[data-kind="disposal"]');
    await expect.poll(() => disposals.count(), patience).toBe(1);
    await page.getByText("Every step").click();
    await expect.poll(() => page.locator("#moments li").first().textContent(), patience).toContain("closed");

    await page.getByRole("button", { name: "Close: app#0" }).click();
    await expectStatus(page, /^close app#0: closed$/);

    await expectState(page, "request#2", "closed");
    await expect
      .poll(() => page.locator(".report code").allTextContents(), patience)
      .toEqual(["Greeter", "Greeter", "Cache", "Db"]);
    const node = page.locator("#canvas .node", { hasText: "Db" });
    await expect.poll(() => node.getAttribute("data-state"), patience).toBe("disposed");
  });

  it("draws a build that ends amid a shutdown, and one that fails after its instance was disposed", async () => {
    const { page } = await open("#example=in-flight");
    await expectStatus(page, /^Ran in/);
    const bars = (of: Page) =>
      of
        .locator("#threads .mark")
        .evaluateAll((all) =>
          all.map((it) => [
            it.closest(".lane")!.querySelector(".lane-label")!.textContent,
            (it as HTMLElement).dataset["kind"],
            it.hasAttribute("data-failed"),
          ]),
        );

    await expect
      .poll(() => bars(page), patience)
      .toEqual([
        ["report", "build", true],
        // What it has made goes to nobody: the scope has begun to close.
        ["db", "build", true],
        ["db", "disposal", false],
      ]);

    const { page: other } = await open("#example=failing-start");
    await expectStatus(other, /^Ran in/);
    await expect
      .poll(() => bars(other), patience)
      .toEqual([
        ["api", "build", true],
        ["socket", "build", true],
        ["socket", "disposal", false],
      ]);
  });

  it("is used with the keyboard alone, and nothing keeps the focus", async () => {
    const { page } = await open("#example=first", phone);
    await expectStatus(page, /^Ran in/);
    const focused = () =>
      page.evaluate(() => {
        let at = document.activeElement;
        while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
        return at?.getAttribute("aria-label") ?? at?.id ?? "";
      });

    await page.getByRole("button", { name: "Examples" }).focus();
    await page.keyboard.press("Enter");
    await expect.poll(() => page.getByRole("link", { name: "A cycle" }).isVisible(), patience).toBe(true);
    await page.keyboard.press("Escape");
    await expect.poll(() => page.locator("#examples").isVisible(), patience).toBe(false);
    await expect.poll(() => focused(), patience).toBe("menu");

    const reached: string[] = [];
    for (let step = 0; step < 12; step++) {
      await page.keyboard.press("Tab");
      reached.push(await focused());
    }
    expect(reached).toEqual(
      expect.arrayContaining(["share", "Program", "run", "stop", "Close: app#0", "Open a child: app#0"]),
    );
  });

  it("opens a scope by hand, and resolves something from it", async () => {
    const { page } = await open("#example=first");
    await expectStatus(page, /^Ran in/);

    await page.getByRole("button", { name: "Open a child: request#2" }).click();
    await scope(page, "by hand#3").waitFor();

    await page.getByRole("button", { name: /^Greeter, scoped/ }).click();
    await expect
      .poll(() => page.getByLabel("from").locator("option").allTextContents(), patience)
      .toContain("request#2");
    await page.getByLabel("from").selectOption("app#0");
    await page.getByRole("button", { name: "Get", exact: true }).click();

    await expectStatus(page, /^get Greeter from app#0: NotProvidedError: Cannot resolve "Greeter"/);
    await page.getByLabel("from").selectOption("request#2");
    await page.getByRole("button", { name: "Get", exact: true }).click();
    await expectStatus(page, /^get Greeter from request#2: gave Greeter \{ .*visitor: "Ben" \}$/);
  });

  it("reads an error as the library gives it, and marks the line", async () => {
    const { page, complaints } = await open("#example=captive");
    const message = [
      'CaptiveDependencyError: Cannot resolve "Checkout": the singleton "Checkout" would keep the scoped "Cart"',
      "  path: Checkout > Cart",
      '  hint: make "Checkout" scoped, or pass it what it needs [CAPTIVE_DEPENDENCY]',
    ].join("\n");

    await expectStatus(page, /^The program has failed at line (\d+): CAPTIVE_DEPENDENCY$/);

    await expect.poll(() => page.locator("#lines .error pre").textContent(), patience).toBe(message);
    const [[line, below]] = (await marked(page)) as [[number, string]];
    expect(below).toBe(message);
    await expect.poll(() => status(page).textContent(), patience).toContain(`at line ${line}:`);
    await expect
      .poll(() => page.locator("#editor .cm-failed").textContent(), patience)
      .toContain("ben.get(Checkout)");
    expect(complaints).toEqual([]);
  });

  it("marks a line that the browser cannot read, and an import that is not here", async () => {
    const { page } = await open("#example=cycle");
    await expectStatus(page, /CIRCULAR_DEPENDENCY$/);

    await write(page, 'import { value } from "thimble";\n\nconst one = 1;\nconst one = 2;\n');
    await run(page);
    await expectStatus(page, /^The browser cannot read this at line 4: SyntaxError: .*already been declared/);
    expect((await marked(page)).map(([line]) => line)).toEqual([4]);

    await write(page, '// one\nimport { nothing } from "thimble";\n');
    await run(page);
    await expectStatus(page, /^The browser cannot read this at line 2: SyntaxError: .*nothing/);

    await write(page, '// one\n// two\nimport fs from "node:fs";\n');
    await run(page);
    await expectStatus(
      page,
      /^This does not run at line 3: There is no "node:fs" here\. A program may import thimble, /,
    );
    expect((await marked(page)).map(([line]) => line)).toEqual([3]);
  });

  it("shows what nobody catches", async () => {
    const { page } = await open("#example=cycle");
    await expectStatus(page, /CIRCULAR_DEPENDENCY$/);

    await write(page, 'setTimeout(() => {\n  throw new RangeError("late");\n});\n');
    await run(page);
    await expectStatus(page, /^Nobody caught this at line 2: RangeError: late$/);

    await write(page, '\nvoid Promise.reject(new RangeError("forgotten"));\n');
    await run(page);
    await expectStatus(page, /^Nobody caught this at line 2: RangeError: forgotten$/);
  });

  it("stops a program that never ends, and goes on as if nothing had been", async () => {
    const { page, complaints } = await open("#example=cycle");
    await expectStatus(page, /CIRCULAR_DEPENDENCY$/);

    await write(page, 'console.log("before");\nfor (;;) console.log("again");\n');
    await run(page);
    await expectStatus(page, /^The program does not answer\. Stop ends it\.$/);
    await page.getByRole("button", { name: "Stop" }).click();
    await expectStatus(page, /^Stopped\./);
    expect((await lines(page))[0]).toBe("before");
    expect((await lines(page)).length).toBeLessThan(500);

    await write(page, 'console.log("alive");\n');
    await run(page);
    await expectStatus(page, /^Ran in/);
    await expect.poll(() => lines(page), patience).toEqual(["alive"]);
    expect(complaints).toEqual([]);
  });

  it("stops a program that says more than anybody could read", async () => {
    const { page } = await open("#example=cycle");
    await expectStatus(page, /CIRCULAR_DEPENDENCY$/);

    await write(
      page,
      `const { postMessage } = MessagePort.prototype;
MessagePort.prototype.postMessage = function (...args) {
  setInterval(() => {
    for (let i = 0; i < 1000; i++) postMessage.call(this, { type: "printed", level: "log", text: "!", errors: [] });
  });
  postMessage.apply(this, args);
};
console.log("now");
`,
    );
    await run(page);

    await expectStatus(page, /^The program said more than anybody could read\. It was stopped\.$/);
    expect(page.frames()).toHaveLength(1);
  });

  it("prints what stands beside an error, and the error by itself with its line", async () => {
    const { page } = await open("#example=cycle");
    await expectStatus(page, /CIRCULAR_DEPENDENCY$/);

    await write(page, `console.log("could not", new Error("read"), 5);\nconsole.log(new Error("alone"));`);
    await run(page);
    await expectStatus(page, /^Ran in/);

    await expect.poll(() => lines(page), patience).toEqual(["could not Error: read 5"]);
    await expect
      .poll(() => page.locator("#lines .error pre").allTextContents(), patience)
      .toEqual(["Error: read", "Error: alone"]);
    await expect
      .poll(() => page.locator("#lines .line-button").allTextContents(), patience)
      .toEqual(["line 1", "line 2"]);
  });

  it("says that there is more than it shows, and counts no scopes then", async () => {
    const { page } = await open("#example=cycle");
    await expectStatus(page, /CIRCULAR_DEPENDENCY$/);

    await write(
      page,
      `import { createContainer, scoped } from "thimble";
class Session { [Symbol.dispose]() {} }
const app = createContainer(scoped(Session));
for (let i = 0; i < 2000; i++) app.createScope().get(Session);
for (let i = 0; i < 600; i++) console.log(new Error("again"));`,
    );
    await run(page);

    await expectStatus(page, /^Ran in .*\. More has happened than is shown here\.$/);
    await expect.poll(() => lines(page), patience).toEqual(["That is enough: what follows is not shown."]);
  });

  it("shows everything that a program says as text", async () => {
    const { page, complaints } = await open("#example=cycle");
    await expectStatus(page, /CIRCULAR_DEPENDENCY$/);
    const evil = '<img src=x onerror="alert(1)">';

    await write(
      page,
      `import { createContainer, singleton, token } from "thimble";
const app = createContainer(${JSON.stringify(evil)}, singleton(token(${JSON.stringify(evil)}), () => 1));
console.log(${JSON.stringify(evil)});
throw new Error(${JSON.stringify(evil)});`,
    );
    await run(page);
    await expectStatus(page, /^The program has failed at line 4/);

    await expect.poll(() => page.locator("#canvas .node title").allTextContents(), patience).toEqual([evil]);
    await expect.poll(() => lines(page), patience).toEqual([evil]);
    // There is one image, in the head of the page.
    await expect.poll(() => page.locator("img").count(), patience).toBe(1);
    expect(complaints).toEqual([]);
  });

  it("gives a program nothing of the page, of its origin, or of the network", async () => {
    const { page, elsewhere } = await open("#example=cycle");
    await expectStatus(page, /CIRCULAR_DEPENDENCY$/);

    await write(
      page,
      `const tried = async (what) => {
  try {
    return await what();
  } catch (error) {
    return error.name;
  }
};
console.log(self.origin);
console.log(typeof document, typeof parent, typeof localStorage);
console.log(await tried(() => indexedDB.open("here") && new Promise((_, no) => setTimeout(no, 50, new Error()))));
console.log(await tried(() => fetch("${program.url}/links")));
console.log(await tried(() => fetch("https://example.com/")));
console.log(await tried(() => import("${program.url}/workbench.js")));
console.log(await tried(() => eval("1")));`,
    );
    await run(page);
    await expectStatus(page, /^Ran in/);

    const [origin, types, database, ...loads] = await lines(page);
    expect(origin).toBe("null");
    expect(types).toBe("undefined undefined undefined");
    expect(database).toMatch(/Error$/);
    expect(loads).toEqual(["TypeError", "TypeError", "TypeError", "EvalError"]);
    expect(elsewhere).toEqual([]);
  });

  it("carries a program in a link, which runs when somebody says so and not before", async () => {
    const { page } = await open("#example=cycle", { permissions: ["clipboard-read", "clipboard-write"] });
    await expectStatus(page, /CIRCULAR_DEPENDENCY$/);
    const text = 'console.log("It came by a link: ✓ 🧵");\n';
    await write(page, text);
    await page.getByRole("button", { name: "Copy link" }).click();
    await expectStatus(page, /^The link is copied\./);
    const link = await page.evaluate(() => navigator.clipboard.readText());
    expect(link).toBe(page.url());
    expect(link).toMatch(/\/#program=[\w-]+$/);

    const { page: other } = await open(new URL(link).hash);
    await expectStatus(other, /^This program came with a link\. Read it, then run it\.$/);
    await expect
      .poll(() => other.getByRole("textbox", { name: "Program" }).innerText(), patience)
      .toContain("It came by a link: ✓ 🧵");
    await other.waitForTimeout(300);
    expect(other.frames()).toHaveLength(1);
    await expect.poll(() => lines(other), patience).toEqual([]);

    await run(other);
    await expectStatus(other, /^Ran in/);
    await expect.poll(() => lines(other), patience).toEqual(["It came by a link: ✓ 🧵"]);
  });

  it.each(["#program=AAAA", "#program=", "#example=nothing", "#something"])(
    "says that there is no program in %s",
    async (hash) => {
      const { page, complaints } = await open(hash);

      await expectStatus(page, /^There is no program in this link\. Here is the first example\.$/);

      expect(complaints).toEqual([]);
    },
  );

  it("takes no program from a link that is far larger than it looks", async () => {
    const { page } = await open("#example=cycle");
    await expectStatus(page, /CIRCULAR_DEPENDENCY$/);
    const hash = await page.evaluate(async () => {
      const stream = new Blob([" ".repeat(5_000_000)])
        .stream()
        .pipeThrough(new CompressionStream("deflate-raw"));
      const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
      return btoa(String.fromCharCode(...bytes))
        .replaceAll("+", "-")
        .replaceAll("/", "_")
        .replace(/=+$/, "");
    });

    const { page: other } = await open(`#program=${hash}`);

    await expectStatus(other, /^There is no program in this link/);
  });

  it("keeps what was written into an example while another one is looked at, and starts over", async () => {
    const { page } = await open("#example=cycle");
    await expectStatus(page, /CIRCULAR_DEPENDENCY$/);
    const original = await page.getByRole("textbox", { name: "Program" }).innerText();
    await write(page, 'console.log("mine");\n');

    await page.getByRole("link", { name: "A missing provider" }).click();
    await expectStatus(page, /NOT_PROVIDED$/);
    await page.getByRole("link", { name: "A cycle" }).click();
    await expectStatus(page, /^Ran in/);
    await expect.poll(() => lines(page), patience).toEqual(["mine"]);

    await page.getByRole("button", { name: "Start over" }).click();
    await expectStatus(page, /CIRCULAR_DEPENDENCY$/);
    await expect
      .poll(() => page.getByRole("textbox", { name: "Program" }).innerText(), patience)
      .toBe(original);
  });

  it("runs with Ctrl+Enter, and a file of the app can be read beside the program", async () => {
    const { page } = await open("#example=whole-app");
    await expectStatus(page, /^Ran in/);

    await expect
      .poll(() => page.getByRole("link", { name: "Use it by hand" }).getAttribute("href"), patience)
      .toBe("/shortener");
    await page.getByRole("button", { name: "store.ts" }).click();
    // Only what is in view is on the page.
    await expect
      .poll(() => page.locator("#editor .cm-content").innerText(), patience)
      .toContain("Where links are kept");
    await page.getByRole("button", { name: "program.js" }).click();
    await page.getByRole("textbox", { name: "Program" }).focus();
    await page.keyboard.press("Control+Enter");

    await expectStatus(page, /^Running$/);
    await expectStatus(page, /^Ran in/);
  });
});

/** A line without what differs from run to run: times, and ids of seven letters and digits. */
function steady(line: string): string {
  return line
    .replace(/ in \d+ ms$/, " in … ms")
    .replace(/createdAt: \d+/, "createdAt: …")
    .replace(/(?<=^GET \/|id: ")[a-z2-9]{7}\b/, "…");
}

describe("the examples of the playground", () => {
  /** What each prints, and how it ends. */
  const expected: Record<string, { status: RegExp; prints?: string[]; at?: string[]; shows?: RegExp }> = {
    first: { status: /3 scopes are open/, prints: ["Hello, Ada", "Hello, Ben"] },
    requests: {
      status: /One scope is open/,
      prints: ["Ben in request#2", "Eve in request#3", "Ada in request#1", "0 scopes are open"],
    },
    "one-build": {
      status: /One scope is open/,
      prints: [
        "attempt 1 begins",
        "all five have one error: true",
        "attempt 2 begins",
        "all five have one object: true",
        "2 attempts for ten callers",
      ],
    },
    missing: {
      status: /NOT_PROVIDED$/,
      at: ["app.get(SignUp)"],
      shows: /path: SignUp > Users > Db > db url/,
    },
    captive: { status: /CAPTIVE_DEPENDENCY$/, prints: ["The cart of Ada"], at: ["ben.get(Checkout)"] },
    cycle: {
      status: /CIRCULAR_DEPENDENCY$/,
      at: ["app.get(Orders)"],
      shows: /path: Orders > Invoices > Customers > Orders/,
    },
    "async-cycle": {
      status: /CIRCULAR_DEPENDENCY$/,
      at: ["getAsync(Session)"],
      shows: /path: session > account > session/,
    },
    "shutdown-order": {
      status: /Everything is closed/,
      prints: ["written: one", "written: two", "Writer, then Db, then Metrics"],
    },
    "hanging-disposer": {
      status: /^app#0 has closed, and not everything could be disposed\.$/,
      prints: ["the database is closed all the same"],
      shows: /Mailer app#0failed: Error: the mail server has hung up.*Queue app#0abandoned/s,
    },
    "in-flight": {
      status: /Everything is closed/,
      prints: ['true ["db disposed"]', "who waited is told: true"],
      at: ["app.shutdown()"],
    },
    "failing-start": {
      status: /One scope is open/,
      prints: [
        "socket opened",
        "socket closed",
        "the very error that was thrown: true",
        "on the way api > socket",
      ],
      at: ["throw new RangeError"],
      shows: /pathOf\(error\): api > socket/,
    },
    ownership: {
      status: /Everything is closed/,
      prints: ["the primary closed", "the owned one closed", "the lent one is still its owner's"],
    },
    "stand-in": { status: /NOT_PROVIDED$/, prints: ['sent to ["ada@example.org"]'], at: ["fake(Pager"] },
    decorate: {
      status: /Everything is closed/,
      prints: ["sent to ada@example.org", "sent to ben@example.org", "{ sent: 2 }"],
    },
    "whole-app": {
      status: /One scope is open/,
      prints: [
        "POST /links → 201 in … ms",
        "GET /… → 302 in … ms",
        "GET /… → 302 in … ms",
        "GET /… → 404 in … ms",
        "POST /links → 400 in … ms",
        "GET /links → 200 in … ms",
        '[{ id: "…", url: "https://example.com/a/long/path", createdAt: …, visits: 2 }]',
      ],
    },
  };

  it("are all here", async () => {
    const { page } = await open();
    const offered = await page
      .getByRole("navigation")
      .getByRole("link")
      .evaluateAll((links) => links.map((link) => (link as HTMLAnchorElement).hash.replace("#example=", "")));

    expect(offered).toEqual(Object.keys(expected));
    expect(readdirSync("playground/examples").sort()).toEqual(offered.map((name) => `${name}.js`).sort());
  });

  it.each(Object.entries(expected))(
    "%s",
    async (name, { status: ends, prints = [], at = [], shows = /(?:)/ }) => {
      const { page, complaints } = await open(`#example=${name}`);

      await expectStatus(page, ends);

      expect((await lines(page)).map(steady)).toEqual(prints);
      await expect
        .poll(() => page.locator("#editor .cm-failed").allTextContents(), patience)
        .toEqual(at.map((text) => expect.stringContaining(text) as string));
      await expect.poll(() => page.locator("#lines").textContent(), patience).toMatch(shows);
      expect(complaints).toEqual([]);
    },
  );
});

describe("the playground on a phone", () => {
  /** Whether all of it is in the window. */
  async function isInView(page: Page, selector: string): Promise<boolean> {
    const box = await page.locator(selector).first().boundingBox();
    const { width, height } = page.viewportSize()!;
    return (
      box !== null && box.x >= 0 && box.y >= 0 && box.x + box.width <= width && box.y + box.height <= height
    );
  }

  /** Expects that it comes into view: what a button does is drawn in the next frame. */
  async function expectInView(page: Page, selector: string): Promise<void> {
    await expect.poll(() => isInView(page, selector), { ...patience, message: selector }).toBe(true);
  }

  it("shows what each button does without scrolling", async () => {
    const { page } = await open("#example=first", phone);
    await expectStatus(page, /^Ran in/);

    expect(
      await page.evaluate(() => [
        document.documentElement.scrollWidth,
        document.documentElement.scrollHeight,
      ]),
    ).toEqual([390, 844]);
    for (const part of ["#run", "#stop", "#status", ".tabs", "#scopes", "#editor"])
      await expectInView(page, part);

    // Close: the scope that it closes, and the line that says so.
    const close = page.getByRole("button", { name: "Close: request#1" });
    await close.tap();
    await expectStatus(page, /^close request#1: closed$/);
    await expectInView(page, "#status");
    const closed = await scope(page, "request#1").boundingBox();
    expect(closed!.y + closed!.height).toBeLessThanOrEqual(844);

    for (const [tab, part] of [
      ["Graph", "#canvas .node"],
      ["Timeline", "#threads .lane"],
      ["Output", "#lines li"],
      ["Scopes", "#tree .scope .line"],
    ] as const) {
      await page.getByRole("button", { name: tab, exact: true }).tap();
      await expectInView(page, part);
    }
  });

  it("shows an error beside its line, and in the output", async () => {
    const { page } = await open("#example=first", phone);
    await expectStatus(page, /^Ran in/);

    await page.getByRole("button", { name: "Examples" }).tap();
    await expectInView(page, "#examples");
    await page.getByRole("link", { name: "A captive dependency" }).tap();
    await expectStatus(page, /CAPTIVE_DEPENDENCY$/);

    await expect.poll(() => page.locator("#examples").isVisible(), patience).toBe(false);
    for (const part of ["#editor .cm-failed", "#lines .error strong"]) await expectInView(page, part);
    const line = (await page.locator("#editor .cm-failed").boundingBox())!;
    const editor = (await page.locator("#editor").boundingBox())!;
    expect(line.y).toBeGreaterThanOrEqual(editor.y);
    expect(line.y + line.height).toBeLessThanOrEqual(editor.y + editor.height);

    // What was looked at before the error is looked at again when there is none.
    await page.getByRole("button", { name: "Examples" }).tap();
    await page.getByRole("link", { name: "Built once" }).tap();
    await expectStatus(page, /^Ran in/);
    await expectInView(page, "#tree .scope .line");
  });

  it("has the program and what it does side by side when it is held sideways", async () => {
    const { page } = await open("#example=first", { ...phone, viewport: { width: 844, height: 390 } });
    await expectStatus(page, /^Ran in/);

    for (const part of ["#run", "#status", ".tabs", "#editor", "#scopes", "#tree .scope .line"])
      await expectInView(page, part);
  });

  it.each([320, 360, 768, 1024, 1440])("fits a window %i pixels wide", async (width) => {
    const { page } = await open("#example=whole-app", { viewport: { width, height: 800 } });
    await expectStatus(page, /^Ran in/);

    await expect.poll(() => page.evaluate(() => document.documentElement.scrollWidth), patience).toBe(width);
    for (const part of ["#run", "#status", "#share"]) await expectInView(page, part);
  });
});
