// node_modules/.bin/node playground/node.ts, then press Ctrl+C   (any Node from 22.18; PORT=8080 to choose another port)

import { readEnv, shutdownOnSignal } from "thimble/node";
import { createApp, handle } from "./app.ts";
import { farewell } from "./farewell.ts";
import { serve } from "./http.ts";
import { Timeline } from "./timeline.ts";

const app = createApp({ journal: console.log });
const timeline = app.get(Timeline);

const server = await serve((request) => handle(app, request), Number(readEnv()["PORT"] ?? 8787));
console.log(`Listening on ${server.url}`);

// Requests under way are finished and new ones answered 503 while the app shuts down; then the door itself is closed.
const { reason, report } = await shutdownOnSignal(app, { timeout: 5_000 });
await server.close();
console.log(farewell(reason, report, timeline));
process.exit(report.ok ? 0 : 1);
