// A shutdown amid a build: look at the timeline. The build in flight is waited for and disposed; nothing new begins.
// Elsewhere: what is still being opened during shutdown escapes, and nobody ever closes it.
import {
  createContainer,
  isContainerError,
  singleton,
  token,
} from "thimble";

const Db = token("db");
const Report = token("report");

const app = createContainer(
  "app",
  singleton(
    Db,
    async () => {
      await sleep(700);
      return { close: () => sleep(300) };
    },
    { dispose: (db) => db.close() },
  ),
  singleton(Report, [Db], (db) => ({ db })),
);

const pending = app.getAsync(Report).catch((error) => error);
await sleep(200);
const { ok, services } = await app.shutdown();
console.log(
  ok,
  services.map(({ token, outcome }) => `${token} ${outcome}`),
);

const refused = await pending;
console.log(
  "who waited is told:",
  isContainerError(refused, "SCOPE_CLOSED"),
);
console.log(refused);

function sleep(ms) {
  return new Promise((done) => setTimeout(done, ms));
}
