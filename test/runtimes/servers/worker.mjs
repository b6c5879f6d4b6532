// The shop as a Cloudflare Worker, served by Hono.
import { Hono } from "hono";
import { scopePerRequest } from "thimble/hono";
import { openShop } from "./shop.mjs";

const { container, answer } = openShop((line) => console.log(`said ${line}`));

export default new Hono()
  .get("/scopes", (c) => c.text(String([...container.children].length)))
  .use(scopePerRequest(container))
  .get("*", (c) => answer(c.req.raw, c.var.scope))
  .onError((error, c) => c.text(error.message, 500));
