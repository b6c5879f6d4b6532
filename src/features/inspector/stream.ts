/**
 * The timeline as an event stream: a response that goes on until the reader leaves or the scope stops.
 *
 * @module
 */

import type { Entry, Timeline } from "./timeline.ts";

/** How many messages may wait for a reader that is slow. Then it is sent away, and comes back where it was. */
const patience = 1_000;

/**
 * How often something is said when nothing happens, in milliseconds. Servers and proxies between end a response that is
 * silent for long. Workers end one at once that waits for nothing of its own: what happens in other requests does not
 * count, and a timer does.
 */
const heartbeat = 15_000;

/**
 * Gives what the timeline has after `last`, and everything that comes. Ends when the scope stops: a server that drains
 * waits for its responses. A browser then comes back by itself, and is told where the story went on.
 */
export function streamOf(timeline: Timeline, last: number): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let listener: ((entry: Entry | undefined) => void) | undefined;
  let timer: ReturnType<typeof setInterval> | undefined;
  function leave(): void {
    clearInterval(timer);
    if (listener) timeline.listeners.delete(listener);
  }
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const send = (entry: Entry): void => controller.enqueue(encoder.encode(messageOf(entry)));
        controller.enqueue(encoder.encode("retry: 3000\n\n"));
        const { entries } = timeline;
        // Who knows of more than there is has it from an earlier run of the program.
        const known = last > (entries.at(-1)?.id ?? 0) ? 0 : last;
        for (const entry of entries) if (entry.id > known) send(entry);
        if (timeline.isOver) return controller.close();
        listener = (entry) => {
          if (entry) send(entry);
          const isSlow = (controller.desiredSize ?? 0) < -patience;
          if (entry && !isSlow) return;
          leave();
          controller.close();
        };
        timer = setInterval(() => controller.enqueue(encoder.encode(":\n\n")), heartbeat);
        timeline.listeners.add(listener);
      },
      cancel: leave,
    },
    { highWaterMark: 0 },
  );
}

/** JSON has no line breaks, so no name in it can end the message. */
function messageOf(entry: Entry): string {
  return `id: ${entry.id}\ndata: ${JSON.stringify(entry)}\n\n`;
}
