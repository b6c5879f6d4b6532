// node_modules/.bin/node playground/node.ts, then press Ctrl+C   (any Node from 22.18; PORT=8080 to choose another port)

import { token, value } from "thimble";
import { createApp } from "thimble/lifecycle";
import { drain, readEnv, signals } from "thimble/node";
import { createShortener, handle } from "./app.ts";
import { farewell } from "./farewell.ts";
import { serve } from "./http.ts";
import { Timeline } from "./timeline.ts";

const container = createShortener({ journal: console.log });
const timeline = container.get(Timeline);

const { url, server } = await serve(
  (request) => handle(container, request),
  Number(readEnv()["PORT"] ?? 8787),
);
container.provide(value(token<typeof server>("http server"), server, { stop: drain }));
console.log(`Listening on ${url}`);

// Until Ctrl+C. Then new connections are refused, requests in flight are answered, and the services are disposed. If that
// does not go well, this throws, and the exit code is 1.
const { reason, report } = await createApp(container, { grace: 5_000 }).serve({ signals: signals() });
console.log(farewell(reason, report, timeline));
