// The recipe of the README for a program that is still starting: its database is open, its server takes its time.
import { createContainer, singleton, token } from "thimble";
import { shutdownOnSignal } from "thimble/runtime";

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const Db = token("db");
const Server = token("server");

const app = createContainer(
  singleton(Db, async () => console.log("db open"), {
    dispose: async () => {
      await sleep(30);
      console.log("db closed");
    },
  }),
  singleton(
    Server,
    [Db],
    async () => {
      console.log("starting");
      await sleep(200);
      return {};
    },
    { dispose: () => console.log("server closed") },
  ),
);

void shutdownOnSignal(app, { timeout: 10_000 }).then(({ reason, report }) => {
  console.log(reason, report.ok);
  const code = report.ok ? 0 : 1;
  if ("Deno" in globalThis) Deno.exit(code);
  else process.exit(code);
});

await app.getAsync(Server);
console.log("STARTED");
