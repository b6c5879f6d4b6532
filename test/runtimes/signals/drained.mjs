// A server that is drained and then disposed as it says itself, by its own symbol.
import { createServer } from "node:http";
import { createContainer, singleton, token } from "thimble";
import { drain } from "thimble/runtime";

const Server = token("server");
const listening = () =>
  new Promise((resolve) => {
    const server = createServer();
    server.listen(0, "127.0.0.1", () => resolve(server));
  });

const app = createContainer(singleton(Server, listening, { stop: drain }));
const server = await app.getAsync(Server);
const { ok, services } = await app.shutdown();
console.log(ok, services.map(({ token, outcome }) => `${token} ${outcome}`).join());

// It may listen again, and then its own disposal closes it as ever.
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
await server[Symbol.asyncDispose]();
console.log(server.listening);
