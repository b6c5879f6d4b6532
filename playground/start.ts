// npm start, then press Ctrl+C   (PORT=8080 npm start to choose another port)
//
// Serves the page in browser/ and, under the same address, the app as node.ts does, so that
// the page can be switched to either.

import { readFile } from "node:fs/promises";
import { stripTypeScriptTypes } from "node:module";
import { serve } from "srvx/node";
import { token, value } from "thimble";
import { createApp } from "thimble/lifecycle";
import { drain, readEnv, signals } from "thimble/node";
import { scopePerRequest } from "thimble/fetch";
import { answer, createShortener } from "./app.ts";
import { bundle } from "./bundle.ts";
import { farewell } from "./farewell.ts";
import { Timeline } from "./timeline.ts";

// Each file by name: nothing that a visitor sends is ever a path on this disk.
const shared = ["lives", "scopes", "chart", "moments", "element"];
const files = new Map([
  ["/", "browser/workbench/index.html"],
  ["/shortener", "browser/shortener/index.html"],
  ["/sandbox", "browser/sandbox/frame.html"],
  ["/sandbox/frame.js", "browser/sandbox/frame.js"],
  ["/browser/style.css", "browser/style.css"],
  ["/browser/shortener/style.css", "browser/shortener/style.css"],
  ["/browser/thimble.svg", "browser/thimble.svg"],
  ["/thimble.global.js", "../dist/thimble.global.js"],
  ...shared.map((name): [string, string] => [`/browser/${name}.js`, `browser/${name}.js`]),
  ...["page", "places", "local-store", "thimble"].map((name): [string, string] => [
    `/browser/shortener/${name}.js`,
    `browser/shortener/${name}.js`,
  ]),
  ...["app", "answers", "pages", "request", "store", "timeline"].map((name): [string, string] => [
    `/${name}.ts`,
    `${name}.ts`,
  ]),
]);
const bundled = await bundle();

const types: Record<string, string> = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  ts: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
};

/** What a page of ours may do. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "frame-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join("; ");

/** What the frame of a program may do: load the modules of the playground, and nothing else. It is of no origin. */
const sandbox = (origin: string): string =>
  [
    "sandbox allow-scripts",
    "default-src 'none'",
    `script-src ${origin}/modules/ ${origin}/sandbox/ blob:`,
    "worker-src blob:",
    "form-action 'none'",
    "base-uri 'none'",
    "frame-ancestors 'self'",
  ].join("; ");

const container = createShortener({ journal: console.log });
const timeline = container.get(Timeline);
const inScope = scopePerRequest(container, answer);
const listening = await open(Number(readEnv()["PORT"] ?? 8787));
const server = listening.node!.server!;
container.provide(value(token<typeof server>("http server"), server, { stop: drain }));
console.log(`\n  The playground is at ${listening.url}\n  Ctrl+C stops it.\n`);

// npm passes Ctrl+C on to a program that the terminal has sent it to already. To the adapter a second signal means
// that somebody has lost patience, and it would end the process; here it is the same keystroke, milliseconds later.
const patient = signals(["SIGINT", "SIGTERM"], {
  on: (name, handler) => process.on(name, handler),
  off: () => {},
  exit: () => {},
});
const { reason, report } = await createApp(container, { grace: 5_000 }).serve({ signals: patient });
console.log(farewell(reason, report, timeline));
// npm was sent the signal as well, and waits for this process. It must not have to wait for anything that is idle.
process.exit(0);

/** At this port, or at any other if somebody sits there already. */
async function open(port: number) {
  try {
    return await listen(port);
  } catch (error) {
    if ((error as { code?: unknown }).code !== "EADDRINUSE") throw error;
    console.log(`Port ${port} is taken; here is another.`);
    return await listen(0);
  }
}

function listen(port: number) {
  return serve({ hostname: "localhost", port, fetch: route, silent: true, gracefulShutdown: false }).ready();
}

async function route(request: Request): Promise<Response> {
  const { pathname, searchParams } = new URL(request.url);
  const file = request.method === "GET" || request.method === "HEAD" ? files.get(pathname) : undefined;
  if (file) return await fileResponse(file, request);
  const text = bundled.get(pathname);
  if (text !== undefined) return respond(text, extensionOf(pathname), request);
  // Answered outside of the app: watching must not open scopes of its own.
  if (pathname === "/timeline") {
    return Response.json({
      now: timeline.now,
      moments: timeline.since(Number(searchParams.get("after")) || 0),
    });
  }
  return await inScope(request);
}

async function fileResponse(file: string, request: Request): Promise<Response> {
  const text = await readFile(new URL(file, import.meta.url), "utf8");
  const extension = extensionOf(file);
  if (extension !== "ts") return respond(text, extension, request);
  // A browser knows no `thimble`; shortener/thimble.js hands it the script tag's global under that name, and under the others.
  const script = stripTypeScriptTypes(text);
  return respond(
    script.replaceAll(/from "thimble(\/\w+)?"/g, 'from "/browser/shortener/thimble.js"'),
    extension,
    request,
  );
}

function extensionOf(name: string): string {
  return name.slice(name.lastIndexOf(".") + 1);
}

function respond(text: string, extension: string, { url }: Request): Response {
  const { origin, pathname } = new URL(url);
  const isSandboxed = pathname.startsWith("/sandbox") || pathname.startsWith("/modules/");
  return new Response(text, {
    headers: {
      "content-type": types[extension]!,
      "content-security-policy": isSandboxed ? sandbox(origin) : policy,
      "cache-control": "no-store",
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
      // A frame of no origin may read these, as any page on this machine may.
      ...(isSandboxed && { "access-control-allow-origin": "*" }),
    },
  });
}
