// node_modules/.bin/deno run --allow-net --allow-env=PORT playground/deno.ts, then press Ctrl+C

import { token, value } from "thimble";
import { drain, readEnv, shutdownOnSignal } from "thimble/deno";
import { createApp, handle } from "./app.ts";
import { farewell } from "./farewell.ts";
import { Timeline } from "./timeline.ts";

declare const Deno: {
  readonly env: { get(name: string): string | undefined; toObject(): Record<string, string> };
  serve(
    options: { hostname: string; port: number; onListen(address: { port: number }): void },
    handler: (request: Request) => Promise<Response>,
  ): { shutdown(): Promise<void> };
  exit(code: number): never;
};

const app = createApp({ journal: console.log });
const timeline = app.get(Timeline);

const server = Deno.serve(
  {
    hostname: "localhost",
    port: Number(readEnv(Deno.env, ["PORT"])["PORT"] ?? 8787),
    onListen: ({ port }) => console.log(`Listening on http://localhost:${port}`),
  },
  (request) => handle(app, request),
);

app.provide(value(token<typeof server>("server"), server, { stop: drain }));

const { reason, report } = await shutdownOnSignal(app, { timeout: 5_000 });
console.log(farewell(reason, report, timeline));
Deno.exit(report.ok ? 0 : 1);
