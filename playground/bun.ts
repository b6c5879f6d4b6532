// node_modules/.bin/bun playground/bun.ts, then press Ctrl+C

import { token, value } from "thimble";
import { drain, readEnv, shutdownOnSignal } from "thimble/bun";
import { createApp, handle } from "./app.ts";
import { farewell } from "./farewell.ts";
import { Timeline } from "./timeline.ts";

declare const Bun: {
  serve(options: { hostname: string; port: number; fetch(request: Request): Promise<Response> }): {
    readonly port: number;
    stop(): Promise<void>;
  };
};

const app = createApp({ journal: console.log });
const timeline = app.get(Timeline);

const server = Bun.serve({
  hostname: "localhost",
  port: Number(readEnv()["PORT"] ?? 8787),
  fetch: (request) => handle(app, request),
});
app.provide(value(token<typeof server>("server"), server, { stop: drain }));
console.log(`Listening on http://localhost:${server.port}`);

const { reason, report } = await shutdownOnSignal(app, { timeout: 5_000 });
console.log(farewell(reason, report, timeline));
process.exit(report.ok ? 0 : 1);
