// A worker thread that wants to shut down on a signal, and a main thread that has nothing else to do. The argument says
// which kind of thread: "threads" of node:worker_threads, or a "web" worker.
import { isMainThread, Worker as NodeWorker } from "node:worker_threads";
import { createContainer } from "thimble";
import { shutdownOnSignal as shutdownOnAbort } from "thimble/generic";
import { shutdownOnSignal } from "thimble/runtime";

setInterval(() => {}, 1_000);

// In a web worker of Deno `isMainThread` is true.
if (isMainThread && !("WorkerGlobalScope" in globalThis)) {
  const here = new URL(import.meta.url);
  if (process.argv[2] === "threads") new NodeWorker(here);
  else new Worker(here, { type: "module" });
} else {
  void shutdownOnSignal(createContainer()).then(
    ({ reason }) => console.log(`stopped by ${String(reason)}`),
    (error) => console.log(error.message),
  );
  // The way that the error names.
  const { reason } = await shutdownOnAbort(createContainer(), { signal: AbortSignal.abort("a message") });
  console.log(`also stopped by ${String(reason)}`);
}
