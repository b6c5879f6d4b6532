// A whole app, a link shortener: look at the scopes. Its files are beside this one; here it is sent a few requests.
// It is the app that `node playground/node.ts` serves.
import { value } from "thimble";
import { answer, createShortener } from "../app.ts";
import { CurrentRequest } from "../request.ts";
import { memoryStore } from "../store.ts";

const app = createShortener({
  openStore: async () => {
    await sleep(300);
    return await memoryStore();
  },
  journal: async (line) => {
    await sleep(200);
    console.log(line);
  },
});

const { short } = await post("https://example.com/a/long/path");
await Promise.all([
  send(short),
  send(short),
  send("https://sho.rt/nobody2"),
]);
await post("javascript:alert(1)");

const links = await send("https://sho.rt/links");
console.log(await links.json());

async function post(url) {
  const response = await send("https://sho.rt/links", {
    method: "POST",
    body: JSON.stringify({ url }),
  });
  return await response.json();
}

// What thimble/fetch does on a server.
async function send(url, init) {
  const request = new Request(url, init);
  const scope = app.createScope("request", value(CurrentRequest, request));
  const response = await answer(request, scope);
  await scope.shutdown();
  return response;
}

function sleep(ms) {
  return new Promise((done) => setTimeout(done, ms));
}
