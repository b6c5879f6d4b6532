// node_modules/.bin/bun playground/bun.ts, then press Ctrl+C

import { token, value } from "thimble";
import { drain, readEnv, signals } from "thimble/bun";
import { scopePerRequest } from "thimble/fetch";
import { createApp } from "thimble/lifecycle";
import { answer, createShortener } from "./app.ts";
import { farewell } from "./farewell.ts";
import { inspected } from "./inspector.ts";
import { Timeline } from "./timeline.ts";

declare const Bun: {
  serve(options: {
    hostname: string;
    port: number;
    fetch(request: Request, server: unknown): Promise<Response>;
  }): { readonly port: number; stop(): Promise<void> };
};

const container = createShortener({ journal: console.log });
const timeline = container.get(Timeline);

const server = Bun.serve({
  hostname: "localhost",
  port: Number(readEnv()["PORT"] ?? 8787),
  fetch: inspected(container, readEnv()["INSPECTOR_TOKEN"], scopePerRequest(container, answer)),
});
console.log(`Listening on http://localhost:${server.port}`);

container.provide(value(token<typeof server>("server"), server, { stop: drain }));

const { reason, report } = await createApp(container, { grace: 5_000 }).serve({ signals: signals() });
console.log(farewell(reason, report, timeline));
