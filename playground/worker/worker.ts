// npx wrangler dev --config playground/worker/wrangler.jsonc, then press Ctrl+C

import { createShortener, handle, type App } from "../app.ts";
import { kvStore, type KvNamespace } from "./kv-store.ts";

interface Env {
  readonly LINKS: KvNamespace;
}

// One for the whole isolate, made at the first request: before that there are no bindings. Nobody tells a Worker
// that it will end, so this one is never shut down; the scopes of its requests are.
let app: App | undefined;

export default {
  fetch(
    request: Request,
    env: Env,
    context: { waitUntil(promise: Promise<unknown>): void },
  ): Promise<Response> {
    app ??= createShortener({ openStore: async () => kvStore(env.LINKS), journal: console.log });
    const response = handle(app, request, (closing) => context.waitUntil(closing));
    // A handler whose client has gone away would be stopped before its scope is closed.
    context.waitUntil(response);
    return response;
  },
};
