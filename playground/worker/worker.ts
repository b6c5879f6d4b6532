// npx wrangler dev --config playground/worker/wrangler.jsonc, then press Ctrl+C

import { createWorker } from "thimble/cloudflare";
import { answer, createShortener } from "../app.ts";
import { inspected } from "../inspector.ts";
import { kvStore, type KvNamespace } from "./kv-store.ts";

interface Env {
  readonly LINKS: KvNamespace;
  readonly INSPECTOR_TOKEN?: string;
}

// The container is made at the first request: before that there are no bindings. Nobody tells a Worker that it will end, so
// the container is never shut down; the scopes of its requests are.
let handle = answer;
export default createWorker({
  container({ LINKS, INSPECTOR_TOKEN }: Env) {
    const container = createShortener({ openStore: async () => kvStore(LINKS), journal: console.log });
    handle = inspected(container, INSPECTOR_TOKEN, answer);
    return container;
  },
  fetch: (request, scope) => handle(request, scope),
});
