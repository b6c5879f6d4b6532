import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { bin, start, type Program } from "./program.ts";

const state = mkdtempSync(join(tmpdir(), "thimble-worker-"));
afterAll(() => rmSync(state, { recursive: true }));

/** How each entry point is started: the command that its first line gives. */
const entries = [
  { name: "Node", command: bin("node"), args: ["playground/node.ts"] },
  { name: "Hono, on Node", command: bin("node"), args: ["playground/hono.ts"] },
  {
    name: "Deno",
    command: bin("deno"),
    args: ["run", "--allow-net", "--allow-env=PORT,INSPECTOR_TOKEN", "playground/deno.ts"],
  },
  { name: "Bun", command: bin("bun"), args: ["playground/bun.ts"] },
  {
    name: "workerd",
    command: bin("wrangler"),
    args: [
      "dev",
      "--config",
      "playground/worker/wrangler.jsonc",
      "--port",
      "0",
      "--inspector-port",
      "0",
      "--persist-to",
      state,
      "--var",
      "INSPECTOR_TOKEN:letmein",
    ],
  },
];

const quiet = {
  INSPECTOR_TOKEN: "letmein",
  DENO_NO_UPDATE_CHECK: "1",
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_SEND_ERROR_REPORTS: "false",
  WRANGLER_HIDE_BANNER: "true",
  WRANGLER_LOG_PATH: join(state, "wrangler.log"),
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
};

describe.each(entries)("the playground behind $name", ({ name, command, args }) => {
  let program: Program;
  beforeAll(async () => void (program = await start(command, args, quiet)));
  afterAll(() => program?.kill());

  const get = (path: string, headers: Record<string, string> = {}) =>
    fetch(program.url + path, { redirect: "manual", headers });

  const post = (body: string | URLSearchParams, headers: Record<string, string> = {}) =>
    fetch(`${program.url}/links`, { method: "POST", redirect: "manual", headers, body });

  const shorten = async (url: string) =>
    (await (await post(JSON.stringify({ url }))).json()) as { id: string; url: string; short: string };

  const linkOf = async (id: string) =>
    ((await (await get("/links")).json()) as { id: string; visits: number }[]).find((link) => link.id === id);

  it("makes a short link that leads to the long one", async () => {
    const made = await post(JSON.stringify({ url: "https://example.com/a/long/path?q=1" }));
    const { id, short } = (await made.json()) as { id: string; short: string };
    expect(made.status).toBe(201);
    expect(short).toBe(`${program.url}/${id}`);

    const followed = await fetch(short, { redirect: "manual" });

    expect(followed.status).toBe(302);
    expect(followed.headers.get("location")).toBe("https://example.com/a/long/path?q=1");
  });

  it("counts a visit while the scope of its request closes", async () => {
    const { id } = await shorten("https://example.com/counted");
    await (await get(`/${id}`)).arrayBuffer();

    await vi.waitFor(async () => expect(await linkOf(id)).toMatchObject({ visits: 1 }), 5_000);
  });

  it("lists links, newest first", async () => {
    const first = await shorten("https://example.com/first");
    await new Promise((resolve) => setTimeout(resolve, 5));
    const second = await shorten("https://example.com/second");

    const ids = ((await (await get("/links")).json()) as { id: string }[]).map(({ id }) => id);

    expect(ids.slice(0, 2)).toEqual([second.id, first.id]);
  });

  it.each(["/nobody2", "/__proto__", "/constructor", "/toString", "/a/b", "/%00"])(
    "has no link at %s",
    async (path) => {
      expect((await get(path)).status).toBe(404);
    },
  );

  it.each([
    ["a script", "javascript:alert(1)", "Only http and https links can be shortened"],
    ["a file", "file:///etc/passwd", "Only http and https links can be shortened"],
    ["a password", "https://ada:secret@example.com/", "A link must not carry a name or a password"],
    ["a bare name", "example.com", "That is not a link: it should look like https://example.com/page"],
    ["nothing", "", "Give a link to shorten"],
    ["a novel", `https://example.com/${"x".repeat(2_000)}`, "A link may have 2000 characters at most"],
  ])("refuses %s in place of a link", async (_, url, error) => {
    const response = await post(JSON.stringify({ url }));

    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ error });
  });

  it.each(["null", "[]", '{"url":5}', "{", ""])("refuses a body of %s", async (body) => {
    expect((await post(body)).status).toBe(400);
  });

  it("reads no body longer than a link can be", async () => {
    expect((await post(JSON.stringify({ url: "x".repeat(100_000) }))).status).toBe(413);
  });

  if (!name.startsWith("Hono"))
    it("shows its inspector to whoever knows the token, and to nobody else", async () => {
      await shorten("https://example.com/inspected");
      for (const path of ["", "/graph.json", "/graph.json?token=wrong", "/nothing"])
        expect((await get(`/inspector${path}`)).status).toBe(403);

      const page = await get("/inspector?token=letmein");
      expect(page.headers.get("content-security-policy")).toContain("default-src 'none'");
      const graph = (await (await get("/inspector/graph.json?token=letmein")).json()) as {
        services: { token: string; state: string }[];
      };
      expect(graph.services).toContainEqual(expect.objectContaining({ token: "Shortener", state: "built" }));

      const events = await get("/inspector/events?token=letmein");
      const reader = events.body!.pipeThrough(new TextDecoderStream()).getReader();
      let told = "";
      while (!told.includes('"token":"Shortener"')) told += (await reader.read()).value;
      // What happens from now on comes as it happens, also after a while in which nothing did: workerd ends a response that
      // waits for nothing but other requests.
      await new Promise((resolve) => setTimeout(resolve, 500));
      const before = told.length;
      await shorten("https://example.com/live");
      while (!told.slice(before).includes('"type":"closed"')) told += (await reader.read()).value;
      await reader.cancel();
    });

  it("has a page that works without any script", async () => {
    const html = { accept: "text/html" };
    const url = `https://example.com/?a=1&b='c'#"`;

    const made = await post(new URLSearchParams({ url }), html);
    expect([made.status, made.headers.get("location")]).toEqual([303, "/"]);

    const page = await get("/", html);
    const text = await page.text();
    expect(page.headers.get("content-security-policy")).toMatch(/^default-src 'none'; style-src 'self';/);
    expect(text).toContain("https://example.com/?a=1&#38;b=%27c%27#%22");
    expect(text).not.toContain("<script");

    const styles = await get("/plain.css");
    expect([styles.status, styles.headers.get("content-type")]).toEqual([200, "text/css; charset=utf-8"]);
  });

  it("escapes what it shows of a request", async () => {
    await get("/%3Cb%3E'&amp");
    const text = await (await get("/", { accept: "text/html" })).text();

    expect(text).toContain("GET /%3Cb%3E&#39;&#38;amp");
  });

  it("opens a scope for each request, and closes it", async () => {
    await get("/nobody2");

    await vi.waitFor(async () => {
      const text = await (await get("/", { accept: "text/html" })).text();
      expect(text).toMatch(/opened [^<]+ \(GET \/nobody2\)/);
      expect(text).toMatch(/closed [^<]+ \(GET \/nobody2\)/);
    }, 5_000);
  });

  if (name === "workerd") {
    it("ends on Ctrl+C and leaves no process behind", async () => {
      const { leftovers } = await program.interrupt("SIGINT");

      expect(leftovers).toBe(false);
    });
    return;
  }

  it("finishes a request under way on Ctrl+C, prints its report and leaves in peace", async () => {
    const slow = get("/slow?ms=10000");
    const home = async () => (await get("/", { accept: "text/html" })).text();
    await vi.waitFor(async () => expect(await home()).toContain("(GET /slow)"), 5_000);

    const [{ code, output, leftovers }, response] = await Promise.all([program.interrupt("SIGINT"), slow]);

    expect(response.status).toBe(503);
    expect(output).toContain("GET /slow → 503");
    expect(output).toMatch(/^SIGINT: shut down in [\d.]+ ms, all went well$/m);
    // The scope of the request has closed by itself, before the app did.
    expect(output.match(/^ {2}disposed +\S+/gm)?.map((row) => row.trim().split(/ +/)[1])).toEqual(["store"]);
    const [, opened, closed] = /request scopes: (\d+) opened, (\d+) closed/.exec(output)!;
    expect(Number(opened)).toBeGreaterThan(20);
    expect(closed).toBe(opened);
    expect(code).toBe(0);
    expect(leftovers).toBe(false);
  });
});
