/**
 * The two places the app can run in, seen alike by the page: something that answers
 * requests and tells what its container does.
 *
 * @typedef {object} Place
 * @property {(request: Request) => Promise<Response>} send
 * @property {() => number} now  the time of its timeline
 * @property {(() => Promise<import("thimble").ShutdownReport>) | undefined} shutdown
 * @property {() => void} leave  stops telling
 */
import { answer, createShortener } from "../../app.ts";
import { refuse } from "../../answers.ts";
import { localStore } from "./local-store.js";
import { CurrentRequest, isContainerError, shutdownOnSignal, value } from "./thimble.js";
import { Timeline } from "../../timeline.ts";

/**
 * The app in this page: the very same `app.ts` that the servers run.
 *
 * @param {{ pause: () => Promise<unknown>, onMoments: (moments: readonly import("../../timeline.ts").Moment[]) => void }} options
 * @returns {Place}
 */
export function here({ pause, onMoments }) {
  const app = createShortener({
    openStore: () => localStore(pause),
    journal: async (line) => {
      await pause();
      console.info(line);
    },
  });
  const timeline = app.get(Timeline);
  onMoments(timeline.since(0));
  const forget = timeline.onMoment((moment) => onMoments([moment]));

  // Closes when the page is left for good, or when somebody here asks for it.
  const closing = new AbortController();
  const closed = shutdownOnSignal(app, { signal: closing.signal, timeout: 10_000 });

  return {
    // What thimble/fetch does on a server, by hand: here the answer is over when it is there.
    async send(request) {
      try {
        const scope = app.createScope("request", value(CurrentRequest, request));
        return await answer(request, scope).finally(() => void scope.shutdown());
      } catch (error) {
        if (!isContainerError(error, "SCOPE_CLOSED")) throw error;
        return refuse(request, 503, "The app is shutting down, or has");
      }
    },
    now: () => timeline.now,
    async shutdown() {
      closing.abort("asked to");
      return (await closed).report;
    },
    leave() {
      forget();
      closing.abort("left");
    },
  };
}

/**
 * The app of the server that this page came from. Its container can be watched from here and not be shut down: that is Ctrl+C's part.
 *
 * @param {{ onMoments: (moments: readonly import("../../timeline.ts").Moment[]) => void, onGone: () => void }} options
 * @returns {Place}
 */
export function there({ onMoments, onGone }) {
  let last = 0;
  let ahead = 0;
  let timer;
  let left = false;

  async function ask() {
    try {
      const { now, moments } = await (await fetch(`/timeline?after=${last}`)).json();
      if (left) return;
      ahead = now - performance.now();
      last = moments.at(-1)?.seq ?? last;
      onMoments(moments);
      timer = setTimeout(() => void ask(), 400);
    } catch {
      if (!left) onGone();
    }
  }
  void ask();

  return {
    // A redirect is shown, not followed.
    send: (request) => fetch(request, { redirect: "manual" }),
    now: () => performance.now() + ahead,
    shutdown: undefined,
    leave() {
      left = true;
      clearTimeout(timer);
    },
  };
}
