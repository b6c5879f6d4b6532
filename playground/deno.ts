// node_modules/.bin/deno run --allow-net --allow-env=PORT playground/deno.ts, then press Ctrl+C

import { token, value } from "thimble";
import { drain, readEnv, signals } from "thimble/deno";
import { scopePerRequest } from "thimble/fetch";
import { createApp } from "thimble/lifecycle";
import { answer, createShortener } from "./app.ts";
import { farewell } from "./farewell.ts";
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

const server = Deno.serve(
  {
    hostname: "localhost",
    port: Number(readEnv(Deno.env, ["PORT"])["PORT"] ?? 8787),
    onListen: ({ port }) => console.log(`Listening on http://localhost:${port}`),
  },
  scopePerRequest(container, answer),
);

container.provide(value(token<typeof server>("server"), server, { stop: drain }));

const { reason, report } = await createApp(container, { grace: 5_000 }).serve({ signals: signals() });
console.log(farewell(reason, report, timeline));
