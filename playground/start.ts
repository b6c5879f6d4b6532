// npm start, then press Ctrl+C   (PORT=8080 npm start to choose another port)
//
// Serves the page in browser/ and, under the same address, the app as node.ts does, so that
// the page can be switched to either. No bundler: `.ts` files go out with their types
// blanked, line for line as they are here.

import { readFile } from "node:fs/promises";
import { stripTypeScriptTypes } from "node:module";
import { serve } from "srvx/node";
import { token, value } from "thimble";
import { createApp } from "thimble/lifecycle";
import { drain, readEnv, signals } from "thimble/node";
import { scopePerRequest } from "thimble/fetch";
import { answer, createShortener } from "./app.ts";
import { farewell } from "./farewell.ts";
import { Timeline } from "./timeline.ts";

// Each file by name: nothing that a visitor sends is ever a path on this disk.
const modules = [
  "page",
  "places",
  "local-store",
  "lives",
  "scopes",
  "chart",
  "moments",
  "element",
  "thimble",
];
const files = new Map([
  ["/", "browser/index.html"],
  ["/browser/style.css", "browser/style.css"],
  ["/browser/thimble.svg", "browser/thimble.svg"],
  ["/thimble.global.js", "../dist/thimble.global.js"],
  ...modules.map((name): [string, string] => [`/browser/${name}.js`, `browser/${name}.js`]),
  ...["app", "answers", "pages", "request", "store", "timeline"].map((name): [string, string] => [
    `/${name}.ts`,
    `${name}.ts`,
  ]),
]);

const types: Record<string, string> = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  ts: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
};

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
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
  if (file) return await fileResponse(file);
  // Answered outside of the app: watching must not open scopes of its own.
  if (pathname === "/timeline") {
    return Response.json({
      now: timeline.now,
      moments: timeline.since(Number(searchParams.get("after")) || 0),
    });
  }
  return await inScope(request);
}

async function fileResponse(file: string): Promise<Response> {
  const extension = file.slice(file.lastIndexOf(".") + 1);
  let text = await readFile(new URL(file, import.meta.url), "utf8");
  // A browser knows no `thimble`; browser/thimble.js hands it the script tag's global under that name, and under the others.
  if (extension === "ts")
    text = stripTypeScriptTypes(text).replaceAll(/from "thimble(\/\w+)?"/g, 'from "/browser/thimble.js"');
  return new Response(text, {
    headers: {
      "content-type": types[extension]!,
      "content-security-policy": policy,
      "cache-control": "no-store",
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
    },
  });
}
