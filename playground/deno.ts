// node_modules/.bin/deno run --allow-net --allow-env=PORT,INSPECTOR_TOKEN playground/deno.ts, then press Ctrl+C

import { token, value } from "thimble";
import { drain, readEnv, signals } from "thimble/deno";
import { scopePerRequest } from "thimble/fetch";
import { createApp } from "thimble/lifecycle";
import { answer, createShortener } from "./app.ts";
import { farewell } from "./farewell.ts";
import { inspected } from "./inspector.ts";
import { Timeline } from "./timeline.ts";

declare const Deno: {
  readonly env: { get(name: string): string | undefined; toObject(): Record<string, string> };
  serve(
    options: { hostname: string; port: number; onListen(address: { port: number }): void },
    handler: (request: Request, info: { completed: Promise<void> }) => Promise<Response>,
  ): { shutdown(): Promise<void> };
};

const container = createShortener({ journal: console.log });
const timeline = container.get(Timeline);

const env = readEnv(Deno.env, ["PORT", "INSPECTOR_TOKEN"]);
const server = Deno.serve(
  {
    hostname: "localhost",
    port: Number(env["PORT"] ?? 8787),
    onListen: ({ port }) => console.log(`Listening on http://localhost:${port}`),
  },
  inspected(container, env["INSPECTOR_TOKEN"], scopePerRequest(container, answer)),
);

container.provide(value(token<typeof server>("server"), server, { stop: drain }));

const { reason, report } = await createApp(container, { grace: 5_000 }).serve({ signals: signals() });
console.log(farewell(reason, report, timeline));
