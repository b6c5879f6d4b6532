// node_modules/.bin/bun playground/bun.ts, then press Ctrl+C

import { readEnv, shutdownOnSignal } from "thimble/bun";
import { createApp, handle } from "./app.ts";
import { farewell, untilShut } from "./farewell.ts";
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
console.log(`Listening on http://localhost:${server.port}`);

const { reason, report } = await shutdownOnSignal(app, { timeout: 5_000 });
await untilShut(server.stop());
console.log(farewell(reason, report, timeline));
process.exit(report.ok ? 0 : 1);
