// node_modules/.bin/wrangler dev --config playground/worker/wrangler.jsonc, then press Ctrl+C

import { createWorker } from "thimble/cloudflare";
import { createApp, Handler } from "../app.ts";
import { kvStore, type KvNamespace } from "./kv-store.ts";

interface Env {
  readonly LINKS: KvNamespace;
}

// One container per isolate, made at the first request; `createWorker` opens the
// scope of each request, and closes it through `waitUntil` once it is answered.
export default createWorker({
  container: (env: Env) => createApp({ openStore: async () => kvStore(env.LINKS), journal: console.log }),
  fetch: async (_request, scope) => (await scope.getAsync(Handler)).answer(),
});
