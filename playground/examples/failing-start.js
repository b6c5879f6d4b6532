// A start that fails: look at the socket. It was opened before the failure, and is closed again.
// Elsewhere: what was opened before the failure stays open, and the next attempt finds the port taken.
import {
  cleanup,
  createContainer,
  pathOf,
  singleton,
  token,
} from "thimble";

const Socket = token("socket");
const Api = token("api");

const app = createContainer(
  "api",
  singleton(
    Socket,
    [cleanup],
    async (cleanup) => {
      console.log("socket opened");
      cleanup(() => console.log("socket closed"));
      await sleep(300);
      return { port: 8080 };
    },
    {
      init: async (socket) => {
        await sleep(300);
        throw new RangeError(`port ${socket.port} is taken`);
      },
    },
  ),
  singleton(Api, [Socket], (socket) => ({ socket })),
);

try {
  await app.getAsync(Api);
} catch (error) {
  console.log(
    "the very error that was thrown:",
    error instanceof RangeError,
  );
  console.log(
    "on the way",
    pathOf(error)
      .map((step) => step.token)
      .join(" > "),
  );
  console.error(error);
}

function sleep(ms) {
  return new Promise((done) => setTimeout(done, ms));
}
