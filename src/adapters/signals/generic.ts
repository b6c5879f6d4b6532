/**
 * Any runtime at all: it stops when it is given an `AbortSignal` and that is aborted.
 *
 * @module
 */

import { abortSignals } from "./abort.ts";
import { shutdownOn, type ShutdownOnSignal } from "./shutdown.ts";

export const shutdownOnAbort: ShutdownOnSignal = /* @__PURE__ */ shutdownOn(abortSignals);
