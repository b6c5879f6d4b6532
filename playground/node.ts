// node_modules/.bin/node playground/node.ts, then press Ctrl+C   (any Node from 22.18; PORT=8080 to choose another port)

import { token, value } from "thimble";
import { drain, readEnv, shutdownOnSignal } from "thimble/node";
import { createApp, handle } from "./app.ts";
import { farewell } from "./farewell.ts";
import { serve } from "./http.ts";
import { Timeline } from "./timeline.ts";

const app = createApp({ journal: console.log });
const timeline = app.get(Timeline);

const { url, server } = await serve((request) => handle(app, request), Number(readEnv()["PORT"] ?? 8787));
app.provide(value(token<typeof server>("http server"), server, { stop: drain }));
console.log(`Listening on ${url}`);

// New connections are refused, requests in flight are answered, and then the services are disposed.
const { reason, report } = await shutdownOnSignal(app, { timeout: 5_000 });
console.log(farewell(reason, report, timeline));
process.exit(report.ok ? 0 : 1);
