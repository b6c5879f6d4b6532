// node_modules/.bin/node playground/node.ts, then press Ctrl+C   (any Node from 22.18; PORT=8080 to choose another port)

import { serve } from "srvx/node";
import { token, value } from "thimble";
import { scopePerRequest } from "thimble/fetch";
import { createApp } from "thimble/lifecycle";
import { drain, readEnv, signals } from "thimble/node";
import { answer, createShortener } from "./app.ts";
import { farewell } from "./farewell.ts";
import { inspected } from "./inspector.ts";
import { Timeline } from "./timeline.ts";

const container = createShortener({ journal: console.log });
const timeline = container.get(Timeline);

// node:http knows no Request and no Response. That is all that srvx is for: Ctrl+C is ours.
const listening = serve({
  hostname: "localhost",
  port: Number(readEnv()["PORT"] ?? 8787),
  fetch: inspected(container, readEnv()["INSPECTOR_TOKEN"], scopePerRequest(container, answer)),
  silent: true,
  gracefulShutdown: false,
});
const server = (await listening.ready()).node!.server!;
console.log(`Listening on ${listening.url}`);

container.provide(value(token<typeof server>("server"), server, { stop: drain }));

// Until Ctrl+C. Then new connections are refused, requests in flight are answered, and the services are disposed. If that
// does not go well, this throws, and the exit code is 1.
const { reason, report } = await createApp(container, { grace: 5_000 }).serve({ signals: signals() });
console.log(farewell(reason, report, timeline));
