/**
 * `inspector`: from a request to a response.
 *
 * Nothing is looked at before `authorize` has said yes, not even the path: who is not let in gets one and the same answer.
 *
 * @module
 */

import type { Scope } from "../../core/types/scope.ts";
import { explain } from "../graph/explain.ts";
import { listPending } from "../graph/lists.ts";
import { timeBuilds } from "../graph/timing.ts";
import { isContainerError } from "../../core/words/errors.ts";
import { checkHealth, type HealthReport } from "../health/check.ts";
import { healthResponse, type RuntimeResponse } from "../health/response.ts";
import { checkOptions, type Expected } from "../options.ts";
import type { RuntimeRequest } from "../request.ts";
import { page, policy } from "./page.ts";
import { streamOf } from "./stream.ts";
import { Timeline } from "./timeline.ts";

/** Options of `inspector`. */
export interface InspectorOptions {
  /**
   * Says who may look. Only `true`, or a promise of it, is a yes; what throws or rejects is a no. It is called before
   * anything else, for every request.
   */
  authorize(request: RuntimeRequest): boolean | Promise<boolean>;
  /**
   * The path that the page is at, in the URL of the request. What the page loads is below it.
   *
   * @default "/"
   */
  readonly basePath?: string;
}

const known: Readonly<Record<string, Expected>> = {
  authorize: ["a function", (it) => typeof it === "function"],
  basePath: [
    "a path that begins with a slash, and no more than a path",
    (it) => typeof it === "string" && /^\/[^?#]*$/.test(it),
  ],
};

/**
 * Makes a handler of requests that serves a page about the scope, its ancestors and its descendants: the services and
 * their graph, what there is of each, live health, and a timeline of builds, stops and disposals. Below `basePath` are
 * also `graph.json`, `health.json` and `events`, an event stream.
 *
 * It observes the scope from now on, which costs what an observer costs: see `thimble/observe`. An open event stream ends
 * when the scope begins to stop, so that no server waits for it.
 *
 * @example
 * ```ts
 * const inspect = inspector(app, { basePath: "/inspector", authorize: isOperator });
 * Deno.serve((request) =>
 *   new URL(request.url).pathname.startsWith("/inspector") ? inspect(request) : handle(request),
 * );
 * ```
 *
 * @throws `TypeError` when `authorize` is missing, or an option is unknown or of the wrong type.
 */
export function inspector(
  scope: Scope,
  options: InspectorOptions,
): (request: RuntimeRequest) => Promise<RuntimeResponse> {
  checkOptions("inspector", options, known);
  if (!options.authorize)
    throw new TypeError("inspector: say with authorize who may look: { authorize: (request) => … }");
  const { authorize, basePath = "/" } = options;
  // As a request has it: with what is no ASCII letter encoded.
  const base = new URL("http://host" + basePath).pathname.replace(/\/+$/, "");
  const timeline = new Timeline(scope);
  if (!timeline.isOver) timeBuilds(scope);

  async function answer(request: Request): Promise<Response> {
    const isHead = request.method === "HEAD";
    if (!(await isAuthorized(authorize, request))) return textResponse(403, "Forbidden\n", isHead);
    if (!isHead && request.method !== "GET")
      return textResponse(405, "This page is read-only\n", false, { allow: "GET, HEAD" });
    const { pathname } = new URL(request.url);
    const path =
      pathname.startsWith(base + "/") || pathname === base ? pathname.slice(base.length) : undefined;
    switch (path) {
      case "":
      case "/":
        return respond(isHead ? null : page, "text/html; charset=utf-8", {
          "content-security-policy": policy,
        });
      case "/graph.json": {
        const data = { now: Date.now(), ...explain(scope), pending: listPending(scope) };
        return respond(isHead ? null : JSON.stringify(data), "application/json");
      }
      case "/health.json":
        return await health(request, isHead);
      case "/events": {
        const last = Number(request.headers.get("last-event-id")) || 0;
        return respond(isHead ? null : streamOf(timeline, last), "text/event-stream");
      }
      default:
        return textResponse(404, "There is nothing here\n", isHead);
    }
  }

  /** The checks of the scope, its ancestors and its descendants are run anew. A closed scope has none, and is not healthy. */
  async function health(request: Request, isHead: boolean): Promise<Response> {
    const { signal } = request;
    let report: HealthReport;
    try {
      report = await checkHealth(scope, { descendants: true, ...(signal && { signal }) });
    } catch (error) {
      if (!isContainerError(error, "SCOPE_CLOSED")) throw error;
      report = { healthy: false, elapsed: 0, checks: [] };
    }
    // The status is that of the inspector, which works. Probes have `healthResponse`.
    const { body } = healthResponse(report) as Response;
    return respond(isHead ? null : body, "application/json");
  }

  return ((request: Request) => answer(request)) as never;
}

async function isAuthorized(authorize: InspectorOptions["authorize"], request: Request): Promise<boolean> {
  try {
    return (await authorize(request as RuntimeRequest)) === true;
  } catch {
    return false;
  }
}

/** No cache keeps it, no other page embeds it, and no browser takes it for anything else. */
function respond(
  body: string | ReadableStream<Uint8Array> | null,
  type: string,
  more: Readonly<Record<string, string>> = {},
  status = 200,
): Response {
  return new Response(body, {
    status,
    headers: {
      "content-type": type,
      "cache-control": "no-store",
      "cross-origin-resource-policy": "same-origin",
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
      ...more,
    },
  });
}

function textResponse(
  status: number,
  text: string,
  isHead: boolean,
  more: Readonly<Record<string, string>> = {},
): Response {
  return respond(isHead ? null : text, "text/plain; charset=utf-8", more, status);
}
