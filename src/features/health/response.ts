/**
 * `healthResponse`: a report as the answer to an HTTP request.
 *
 * Whoever can reach the endpoint can read it, so of an error it says the code and one short line in which the credentials
 * of URLs are masked, and nothing of its stack or its cause.
 *
 * @module
 */

import { onOneLine, reasonOf } from "../config/redact.ts";
import type { HealthReport } from "./check.ts";

/** The `Response` of the runtime that the reader's types describe. */
export type RuntimeResponse = typeof globalThis extends { Response: { prototype: infer R } }
  ? R
  : ResponseOfFetch;

// The types of Cloudflare Workers declare `Response` as a class, and classes are no members of `typeof globalThis`.
// Functions are: so there it is what `fetch` gives.
interface ResponseLike {
  readonly status: number;
}
type ResponseOfFetch = typeof globalThis extends { fetch: (...args: never[]) => Promise<infer R> }
  ? R extends ResponseLike
    ? R
    : ResponseLike
  : ResponseLike;

/**
 * Makes a response of a report: status 200 when it is healthy, else 503, with the report as JSON. An error is
 * `{ code?, message }`, its message one short line. No cache keeps it.
 *
 * @example
 * ```ts
 * const answer = async (): Promise<Response> => healthResponse(await checkHealth(app));
 * ```
 */
export function healthResponse({ healthy, elapsed, checks }: HealthReport): RuntimeResponse {
  const rows = checks.map((row) => ("error" in row ? { ...row, error: shown(row.error) } : row));
  return new Response(JSON.stringify({ healthy, elapsed, checks: rows }), {
    status: healthy ? 200 : 503,
    headers: { "content-type": "application/json", "cache-control": "no-store" },
  }) as RuntimeResponse;
}

/** What may be shown of an error, which may be anything, also something that cannot be read. */
function shown(error: unknown): { code?: string; message: string } {
  const message = reasonOf(error, "") || "no reason given";
  const code = codeOf(error);
  return code === undefined ? { message } : { code, message };
}

/** The code of an error: `ECONNREFUSED`. A code is a word or a number; anything else might be a text with secrets. */
function codeOf(error: unknown): string | undefined {
  try {
    const { code } = Object(error) as { code?: unknown };
    const text = typeof code === "string" || typeof code === "number" ? onOneLine(String(code)) : "";
    return /^[\w.-]{1,60}$/.test(text) ? text : undefined;
  } catch {
    return undefined;
  }
}
