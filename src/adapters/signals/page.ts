/**
 * A page, which is told to stop by being left.
 *
 * Leaving one whose `pagehide` says `persisted` is no stop: the browser keeps it in its back/forward cache
 * and may bring it back as it was, and a container that had been shut down would be dead in a page that
 * lives.
 *
 * @module
 */

import { shutdownOn, type ShutdownOnSignal } from "./shutdown.ts";
import { checkListener, type Signals } from "./signals.ts";

/** What we use of `window`. A worker has no document and is never hidden. */
export interface Page {
  addEventListener(type: string, handler: PageHandler): void;
  removeEventListener(type: string, handler: PageHandler): void;
  readonly document?: { readonly visibilityState: string };
}

export type PageHandler = (event: { readonly type: string; readonly persisted?: boolean }) => void;

/**
 * Stops, with "pagehide", when the page is left for good. What is called then has this one turn and its
 * microtasks, and no timer.
 *
 * @example
 * ```ts
 * signals().onHidden(() => app.get(Drafts).save());
 * ```
 */
export function pageSignals(page: Page = globalThis as unknown as Page): Signals {
  function listen(type: string, handler: PageHandler): () => void {
    page.addEventListener(type, handler);
    return () => page.removeEventListener(type, handler);
  }

  return {
    onStop(listener) {
      checkListener(listener);
      // `pagehide`, not `unload`: phones skip that, and it keeps the page out of the back/forward cache.
      return listen("pagehide", (event) => {
        if (!event.persisted) listener("pagehide");
      });
    },
    onHidden(listener) {
      checkListener(listener);
      return listen("visibilitychange", () => {
        if (page.document?.visibilityState === "hidden") listener();
      });
    },
  };
}

export const shutdownOnPageHide: ShutdownOnSignal = /* @__PURE__ */ shutdownOn(pageSignals);
