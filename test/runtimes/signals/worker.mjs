// A Worker whose database takes its time to close, and tells when it has. The path says what keeps the runtime waiting.
import { env as imported } from "cloudflare:workers";
import { createContainer, singleton, token } from "thimble";
import { readEnv, shutdownOnSignal, signals } from "thimble/runtime";

const Db = token("db");

export default {
  async fetch(request, env, ctx) {
    const path = new URL(request.url).pathname;
    if (path === "/settings") return Response.json(settings({ found: undefined, handler: env, imported }));

    const waiting = { "/context": signals(ctx), "/found": signals(), "/nothing": { onStop: () => () => {} } }[
      path
    ];
    const scope = createContainer(
      singleton(Db, () => ({}), {
        dispose: async () => {
          await scheduler.wait(500);
          await env.LOG.fetch("http://log/log", { method: "POST", body: `${path}: db closed` });
        },
      }),
    );
    scope.get(Db);
    const over = new AbortController();
    void shutdownOnSignal(scope, { signals: waiting, signal: over.signal });
    try {
      return new Response("here you are");
    } finally {
      over.abort("responded");
    }
  },
};

function settings(sources) {
  const read = (source) => {
    try {
      return Object.entries(readEnv(source));
    } catch (error) {
      return error.message;
    }
  };
  return Object.fromEntries(Object.entries(sources).map(([name, source]) => [name, read(source)]));
}
