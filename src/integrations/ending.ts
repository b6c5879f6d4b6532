/**
 * Ending: how it is known that a response is over, which no two platforms tell in the same way.
 *
 * Where the server says so, its word is taken and the response stays as it is: the response of `node:http`, and
 * `info.completed` of Deno. Elsewhere the body is passed on through a stream that sees its end.
 *
 * A client that leaves is not the end of the work. What a stream still does is known as far as its `cancel` tells, and
 * where nothing tells, the scope outlives the client for a second.
 *
 * @module
 */

import { fail, type OpenEvent } from "./event.ts";
import { BodyAbandonedError } from "./options.ts";

/** How long a scope outlives a client that has left, where nothing tells whether work goes on, in milliseconds. */
const grace = 1_000;

/** The response of a server of Node, as far as it is needed to know its end. */
export interface NodeResponse {
  once(event: "close", listener: () => void): unknown;
  readonly closed?: boolean;
  readonly destroyed?: boolean;
  readonly writableEnded?: boolean;
  readonly writableFinished?: boolean;
}

/** What tells that a response has been sent, as well as it can. */
export interface Sign {
  /** Closes the event when the response is over. It is called once, when the handler has returned. */
  close(event: OpenEvent, response: Pick<Response, "status" | "headers">): void;
}

/**
 * The sign of a response of Node, which closes after every end. It has to be made when a request arrives: a response that
 * closes while the handler works says so only then.
 */
export function signOfNode(response: NodeResponse): Sign {
  let event: OpenEvent | undefined;
  let isClosed = response.closed === true || response.destroyed === true;
  const check = (): void => {
    if (!event || !isClosed) return;
    // HTTP/2 does not know what is finished, only what was ended.
    if (response.writableFinished ?? response.writableEnded) void event.close();
    else closeAfter(event, grace);
  };
  if (!isClosed) {
    response.once("close", () => {
      isClosed = true;
      check();
    });
  }
  return {
    close(it) {
      event = it;
      check();
    },
  };
}

/**
 * The sign of Deno. It does not tell a client that has left from one that has received everything. So the scope lives on
 * for twice as long as sending has taken, and no longer than where nothing tells at all: that is next to nothing for a body
 * that was there at once, and enough for the step that a stream is in the middle of, which may well be as long as all
 * that was sent. For HEAD, Deno begins to read the body before it cancels it.
 */
export function signOfDeno(completed: PromiseLike<unknown>, isHead: boolean): Sign {
  return {
    close(event, response) {
      const since = performance.now();
      const end = (): void => {
        const taken = isHead ? grace : performance.now() - since;
        // A client that left before the handler was done has taken no time at all.
        if (taken < 10 && !mayStream(response)) void event.close();
        else closeAfter(event, Math.min(Math.max(2 * taken, 100), grace));
      };
      completed.then(end, end);
    },
  };
}

/**
 * Whether the body may be a stream, by the headers: looking at the body itself would make Deno send any as a stream. A text
 * has a content type from the start. Nothing tells a stream that is called HTML from a text that is.
 */
function mayStream({ status, headers }: Pick<Response, "status" | "headers">): boolean {
  if (status === 204 || status === 205 || (status >= 300 && status < 400)) return false;
  const type = headers.get("content-type");
  return type === null || type.startsWith("text/event-stream") || headers.has("transfer-encoding");
}

/** Whether the server is that of Bun, which cancels a body for HEAD, and knows the length of a body that it does not send. */
export function isBun(server: unknown): boolean {
  return typeof (server as { requestIP?: unknown } | undefined)?.requestIP === "function";
}

function closeAfter(event: OpenEvent, ms: number): void {
  setTimeout(() => void event.close(), ms);
}

/** A request, as far as it tells whether anybody waits for the body of its response. */
export interface Followed {
  readonly method: string;
  readonly signal?: { readonly aborted: boolean } | null | undefined;
}

/**
 * Closes the event when the body of the response has ended, and gives the response to send instead; nothing when somebody
 * else has a claim on the body.
 *
 * @param abandonAfter How long to wait for the first read, in milliseconds. It is no longer than a second for a client that
 * left while the handler was at work, because some servers drop that response, neither read nor cancelled.
 */
export function follow(
  event: OpenEvent,
  response: Response,
  request: Followed,
  abandonAfter: number,
): Response | undefined {
  // Bun forgets the content type of a file once the body has been looked at before the headers.
  void response.headers.get("content-type");
  const { body } = response;
  if (response.bodyUsed || body?.locked) return undefined;
  if (body === null) {
    void event.close();
    return response;
  }
  if (request.method === "HEAD") {
    const answer = remade(response, null);
    void closeAfterWork(event, body.cancel("the request is HEAD"));
    return answer;
  }

  let controller!: ReadableStreamDefaultController<Uint8Array>;
  let isCancelled = false;
  const stream = new ReadableStream<Uint8Array>(
    {
      start(it) {
        controller = it;
      },
      async pull() {
        timer.clear();
        try {
          const { done, value } = await reader.read();
          // A read that was pending ends when the stream is cancelled, and must not close it a second time.
          if (isCancelled) return;
          if (!done) return controller.enqueue(value);
          controller.close();
          void event.close();
        } catch (error) {
          void event.close({ reason: error });
          throw error;
        }
      },
      async cancel(reason) {
        timer.clear();
        isCancelled = true;
        try {
          await reader.cancel(reason);
        } catch (error) {
          fail(event.scope, error);
          throw error;
        } finally {
          closeAfter(event, grace);
        }
      },
    },
    // Nothing is read before somebody wants it.
    { highWaterMark: 0 },
  );
  let answer: Response;
  try {
    answer = remade(response, stream);
  } catch {
    // Its status is one that no constructor takes, such as the 101 of a socket.
    void event.close();
    return response;
  }
  const reader = body.getReader();
  const patience = request.signal?.aborted ? Math.min(abandonAfter, grace) : abandonAfter;
  const timer = deadline(patience, () => {
    isCancelled = true;
    const error = new BodyAbandonedError(
      `read the body of the response: nobody had begun to within ${patience} ms`,
      [],
      "read the body or cancel it, or set the option abandonAfter",
    );
    controller.error(error);
    void closeAfterWork(event, reader.cancel(error));
  });
  event.onStop = timer.keepAlive;
  return answer;
}

/** Closes the event when the work has ended, however it ends, or after the time for which nothing tells. */
async function closeAfterWork(event: OpenEvent, work: Promise<unknown>): Promise<void> {
  let timer: unknown;
  const bound = new Promise((resolve) => (timer = setTimeout(resolve, grace)));
  await Promise.race([work.catch(() => {}), bound]);
  clearTimeout(timer as never);
  await event.close();
}

interface Timer {
  ref?(): void;
  unref?(): void;
}

/** A timer that keeps no process alive, until somebody waits for it. */
function deadline(ms: number, passed: () => void): { clear(): void; keepAlive(): void } {
  // A longer time passes at once.
  const timer = ms < 2 ** 31 ? setTimeout(passed, ms) : undefined;
  (timer as Timer | undefined)?.unref?.();
  return {
    clear: () => clearTimeout(timer),
    keepAlive: () => (timer as Timer | undefined)?.ref?.(),
  };
}

/** Whether the runtime gives a text its content type only when it sends it, as Bun does. */
let isLate: boolean | undefined;

/** The same response with another body. */
function remade(response: Response, body: ReadableStream | null): Response {
  const { status, statusText, url } = response;
  const headers = new Headers(response.headers);
  if (url) {
    // It came from `fetch`, which has decoded the body and left the headers as they were.
    headers.delete("content-encoding");
    headers.delete("content-length");
  }
  // A text would be sent without its content type then, and browsers would take some of them for HTML.
  isLate ??= !new Response("").headers.has("content-type");
  if (isLate && !url && !headers.has("content-type")) headers.set("content-type", "text/plain;charset=utf-8");
  return new Response(body, { status, statusText, headers });
}
