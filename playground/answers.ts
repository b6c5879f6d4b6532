/**
 * What goes in and out of the app as HTTP: reading a link from a request, and the few kinds of answers.
 *
 * An answer that refuses says why in one sentence, as a page or as JSON, whichever was asked for.
 */
import { isContainerError } from "thimble";
import { errorPage, wantsPage } from "./pages.ts";

/** Why a request gets no better answer than this, in words for whoever sent it. */
export class Refusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export const quiet = { "cache-control": "no-store", "x-content-type-options": "nosniff" };

export function asRefusal(error: unknown): { status: number; message: string } {
  if (error instanceof Refusal) return error;
  if (isContainerError(error, "SCOPE_CLOSED"))
    return { status: 503, message: "The app is shutting down, or has" };
  // What went wrong inside is for the journal and for nobody outside.
  return { status: 500, message: "Something went wrong" };
}

export function refuse(request: Request, status: number, message: string): Response {
  if (wantsPage(request)) return errorPage(status, message);
  return Response.json({ error: message }, { status, headers: quiet });
}

export function redirect(status: 302 | 303, location: string): Response {
  return new Response(null, { status, headers: { ...quiet, location, "referrer-policy": "no-referrer" } });
}

/** The link in a request's body, sent by a form or as JSON. */
export async function sentLink(request: Request): Promise<string> {
  const body = await readText(request, 8_000);
  if (request.headers.get("content-type")?.startsWith("application/x-www-form-urlencoded")) {
    return new URLSearchParams(body).get("url") ?? "";
  }
  try {
    const { url } = JSON.parse(body) as { url?: unknown };
    if (typeof url === "string") return url;
  } catch {
    // said below, in the same words
  }
  throw new Refusal(400, 'Send a form, or JSON such as {"url":"https://example.com/page"}');
}

async function readText(request: Request, limit: number): Promise<string> {
  // Firefox shows no `body` on a Request that was made in the page; such a one is already in memory.
  if (!request.body) return await request.text();

  const reader = request.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let text = ""; ;) {
    const { done, value } = await reader.read();
    if (done) return text;
    text += value;
    if (text.length > limit) {
      await reader.cancel();
      throw new Refusal(413, "That is too long");
    }
  }
}
