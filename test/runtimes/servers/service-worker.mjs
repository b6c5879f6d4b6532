// The shop as a service worker of a page, which answers what is below /shop/.
import { scopePerRequest } from "thimble/fetch";
import { openShop } from "./shop.mjs";

let said = 0;
// Lines may arrive in another order than they were sent in.
const say = (line) => void fetch("/log", { method: "POST", body: `${said++} ${line}` });
const { container, answer } = openShop(say);
const handle = scopePerRequest(container, (request, scope) => {
  const url = new URL(request.url);
  url.pathname = url.pathname.slice("/shop".length);
  return answer({ url: String(url), method: request.method }, scope);
});

addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));
addEventListener("fetch", (event) => {
  if (new URL(event.request.url).pathname.startsWith("/shop/"))
    event.respondWith(handle(event.request, event));
});
