// node_modules/.bin/bun playground/bun.ts, then press Ctrl+C

import { token, value } from "thimble";
import { createApp } from "thimble/lifecycle";
import { drain, readEnv, signals } from "thimble/bun";
import { createShortener, handle } from "./app.ts";
import { farewell } from "./farewell.ts";
import { Timeline } from "./timeline.ts";

declare const Bun: {
  serve(options: { hostname: string; port: number; fetch(request: Request): Promise<Response> }): {
    readonly port: number;
    stop(): Promise<void>;
  };
};

const container = createShortener({ journal: console.log });
const timeline = container.get(Timeline);

const server = Bun.serve({
  hostname: "localhost",
  port: Number(readEnv()["PORT"] ?? 8787),
  fetch: (request) => handle(container, request),
});
container.provide(value(token<typeof server>("server"), server, { stop: drain }));
console.log(`Listening on http://localhost:${server.port}`);

const { reason, report } = await createApp(container, { grace: 5_000 }).serve({ signals: signals() });
console.log(farewell(reason, report, timeline));
