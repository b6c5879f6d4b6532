// node_modules/.bin/node playground/hono.ts, then press Ctrl+C: the same app as one route of a Hono app among others

import { serve } from "@hono/node-server";
import { Hono } from "hono";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { token, value } from "thimble";
import { scopePerRequest } from "thimble/hono";
import { createApp } from "thimble/lifecycle";
import { drain, readEnv, signals } from "thimble/node";
import { answer, createShortener } from "./app.ts";
import { farewell } from "./farewell.ts";
import { Timeline } from "./timeline.ts";

const container = createShortener({ journal: console.log });
const timeline = container.get(Timeline);

const routes = new Hono()
  .use(scopePerRequest(container))
  .get("/robots.txt", (c) => c.text("User-agent: *\nDisallow: /\n"))
  .all("*", (c) => answer(c.req.raw, c.var.scope));

const port = Number(readEnv()["PORT"] ?? 8787);
const { server, address } = await new Promise<{ server: Server; address: AddressInfo }>((resolve) => {
  const server = serve({ fetch: routes.fetch, hostname: "localhost", port }, (address) =>
    resolve({ server: server as Server, address }),
  );
});
console.log(`Listening on http://localhost:${address.port}`);

container.provide(value(token<typeof server>("server"), server, { stop: drain }));

const { reason, report } = await createApp(container, { grace: 5_000 }).serve({ signals: signals() });
console.log(farewell(reason, report, timeline));
