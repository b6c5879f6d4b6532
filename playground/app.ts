/**
 * The one app behind every entry point in this folder: a link shortener.
 *
 * It knows no runtime. What differs from place to place, where links are kept
 * and where log lines go, comes in through `createShortener`. Each request is answered
 * in a scope of its own, which the entry point opens: whatever belongs to one visitor lives
 * there and ends there.
 */
import { alias, all, createContainer, defer, scoped, singleton, stopSignal, token, value } from "thimble";
import type { Scope, Token } from "thimble";
import { observe } from "thimble/observe";
import { asRefusal, quiet, redirect, Refusal, refuse, sentLink } from "./answers.ts";
import { homePage, stylesheet, wantsPage } from "./pages.ts";
import { CurrentRequest } from "./request.ts";
import { memoryStore, Store, type Link } from "./store.ts";
import { Timeline } from "./timeline.ts";

// ---- What the services need of the world -------------------------------------------------------

export type Clock = () => number;
export const Clock: Token<Clock> = token("clock");

/** Takes one line about each request; may be asynchronous. */
export type Journal = (line: string) => unknown;
export const Journal: Token<Journal> = token("journal");

export interface IdMaker {
  next(): string;
}
export const IdMaker: Token<IdMaker> = token("ids");

/** A reason not to shorten a link. There may be any number of rules: whoever asks for `all(Rule)` gets them all. */
export interface Rule {
  objection(url: URL): string | undefined;
}
export const Rule: Token<Rule> = token("rule");

// ---- Services of the whole app: one each, for everybody ----------------------------------------

/** Seven letters and digits that nobody can mistake for one another, or guess. */
export class RandomIds implements IdMaker {
  next(): string {
    // 32 letters, so that five random bits pick one and none is likelier than the others.
    const letters = "abcdefghijkmnpqrstuvwxyz23456789";
    const bytes = crypto.getRandomValues(new Uint8Array(7));
    return Array.from(bytes, (byte) => letters[byte % 32]).join("");
  }
}

export class WebOnly implements Rule {
  objection(url: URL): string | undefined {
    return url.protocol === "http:" || url.protocol === "https:"
      ? undefined
      : "Only http and https links can be shortened";
  }
}

export class NoCredentials implements Rule {
  objection(url: URL): string | undefined {
    return url.username || url.password ? "A link must not carry a name or a password" : undefined;
  }
}

export class Shortener {
  readonly #store: Store;
  readonly #ids: IdMaker;
  readonly #clock: Clock;
  readonly #rules: readonly Rule[];

  constructor(store: Store, ids: IdMaker, clock: Clock, rules: readonly Rule[]) {
    this.#store = store;
    this.#ids = ids;
    this.#clock = clock;
    this.#rules = rules;
  }

  async shorten(text: string): Promise<Link> {
    const { href: url } = this.#accept(text);
    for (let attempt = 0; attempt < 5; attempt++) {
      const link: Link = { id: this.#ids.next(), url, createdAt: this.#clock(), visits: 0 };
      if (await this.#store.add(link)) return link;
    }
    throw new Error("Five ids in a row were taken");
  }

  latest(): Promise<Link[]> {
    return this.#store.latest(20);
  }

  #accept(text: string): URL {
    if (text.trim() === "") throw new Refusal(400, "Give a link to shorten");
    if (text.length > 2_000) throw new Refusal(400, "A link may have 2000 characters at most");
    if (!URL.canParse(text))
      throw new Refusal(400, "That is not a link: it should look like https://example.com/page");
    const url = new URL(text);
    for (const rule of this.#rules) {
      const objection = rule.objection(url);
      if (objection) throw new Refusal(400, objection);
    }
    return url;
  }
}

// ---- Services of one request: made in its scope, gone with it ----------------------------------

/** Writes its line when the scope closes: only then is everything known. */
export class RequestLog {
  readonly #request: Request;
  readonly #clock: Clock;
  readonly #journal: Journal;
  readonly #began: number;
  #outcome = "no answer";

  constructor(request: Request, clock: Clock, journal: Journal) {
    this.#request = request;
    this.#clock = clock;
    this.#journal = journal;
    this.#began = clock();
  }

  note(outcome: string): void {
    this.#outcome = outcome;
  }

  async write(): Promise<void> {
    const { method, url } = this.#request;
    await this.#journal(
      `${method} ${new URL(url).pathname} → ${this.#outcome} in ${this.#clock() - this.#began} ms`,
    );
  }
}

/** Follows a link, and counts that when the scope closes: nobody waits for a counter before being sent on. */
export class Visit {
  readonly #store: Store;
  #followed: Promise<Link | undefined> | undefined;

  constructor(store: Store) {
    this.#store = store;
  }

  follow(id: string): Promise<Link | undefined> {
    return (this.#followed = this.#store.find(id));
  }

  async count(): Promise<void> {
    // Awaited, because an app that shuts down may close the scope while the link is still being looked up.
    const link = await this.#followed;
    if (link) await this.#store.countVisit(link.id);
  }
}

/** What a {@linkcode Handler} works with. The two that need the store are asked for later: a stylesheet opens no database. */
export interface Desk {
  readonly request: Request;
  readonly log: RequestLog;
  readonly timeline: Timeline;
  readonly shortener: { getAsync(): Promise<Shortener> };
  readonly visit: { getAsync(): Promise<Visit> };
  readonly stopping: AbortSignal;
}

export class Handler {
  readonly #desk: Desk;
  #answer: Promise<Response> | undefined;

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  answer(): Promise<Response> {
    return (this.#answer ??= this.#attempt());
  }

  /** A visitor who is being served is served to the end, also when the app shuts down meanwhile. */
  async finish(): Promise<void> {
    await this.#answer;
  }

  async #attempt(): Promise<Response> {
    const { request, log } = this.#desk;
    try {
      const response = await this.#route();
      log.note(String(response.status));
      return response;
    } catch (error) {
      const { status, message } = asRefusal(error);
      log.note(status === 500 ? `500 (${String(error)})` : String(status));
      return refuse(request, status, message);
    }
  }

  #route(): Response | Promise<Response> {
    const { method, url } = this.#desk.request;
    const { pathname } = new URL(url);
    switch (`${method === "HEAD" ? "GET" : method} ${pathname}`) {
      case "GET /":
        return this.#home();
      case "GET /plain.css":
        return stylesheet();
      case "GET /links":
        return this.#list();
      case "POST /links":
        return this.#shorten();
      case "GET /slow":
        return this.#takeTime();
    }
    if (method !== "GET" && method !== "HEAD")
      throw new Refusal(405, "Links are made with POST /links and followed with GET");
    return this.#follow(pathname.slice(1));
  }

  async #home(): Promise<Response> {
    const shortener = await this.#desk.shortener.getAsync();
    return homePage(await shortener.latest(), this.#desk.timeline.latest(48));
  }

  async #list(): Promise<Response> {
    const shortener = await this.#desk.shortener.getAsync();
    return Response.json(await shortener.latest(), { headers: quiet });
  }

  async #shorten(): Promise<Response> {
    const { request } = this.#desk;
    const text = await sentLink(request);
    const shortener = await this.#desk.shortener.getAsync();
    const link = await shortener.shorten(text);
    if (wantsPage(request)) return redirect(303, "/");
    const short = new URL(`/${link.id}`, request.url).href;
    return Response.json({ ...link, short }, { status: 201, headers: { ...quiet, location: short } });
  }

  async #follow(id: string): Promise<Response> {
    // What cannot be an id is not looked up: no store sees more than seven letters and digits.
    const visit = /^[a-z2-9]{7}$/.test(id) ? await this.#desk.visit.getAsync() : undefined;
    const link = await visit?.follow(id);
    if (!link) throw new Refusal(404, "There is no such link here");
    return redirect(302, link.url);
  }

  async #takeTime(): Promise<Response> {
    const { request, stopping } = this.#desk;
    const asked = Number(new URL(request.url).searchParams.get("ms") ?? 3_000);
    const ms = Math.min(Math.max(asked || 0, 0), 10_000);
    await wait(ms, stopping);
    if (stopping.aborted) throw new Refusal(503, "Ended early: the app is shutting down");
    return Response.json({ waited: ms }, { headers: quiet });
  }
}

// ---- The app -----------------------------------------------------------------------------------

/** What an entry point may decide. */
export interface AppOptions {
  /** @default a store in memory */
  readonly openStore?: () => Promise<Store>;
  /** @default writes nothing */
  readonly journal?: Journal;
  /** @default Date.now */
  readonly clock?: Clock;
}

export function createShortener({
  openStore = memoryStore,
  journal = () => {},
  clock = Date.now,
}: AppOptions = {}) {
  const timeline = new Timeline();
  const app = createContainer(
    "shortener",
    value(Clock, clock),
    value(Journal, journal),
    value(Timeline, timeline),

    singleton(Store, [], openStore, { dispose: (store) => store.close() }),
    singleton(RandomIds),
    alias(IdMaker, RandomIds),
    singleton(WebOnly, { as: [Rule] }),
    singleton(NoCredentials, { as: [Rule] }),
    singleton(Shortener, [Store, IdMaker, Clock, all(Rule)]),

    scoped(RequestLog, [CurrentRequest, Clock, Journal], { dispose: (log) => log.write() }),
    scoped(Visit, [Store], { dispose: (visit) => visit.count() }),
    scoped(
      Handler,
      [
        {
          request: CurrentRequest,
          log: RequestLog,
          timeline: Timeline,
          shortener: defer(Shortener),
          visit: defer(Visit),
          stopping: stopSignal,
        },
      ],
      { dispose: (handler) => handler.finish() },
    ),
  );

  timeline.watch(app);
  observe(app, {
    // The visitor has their answer by then, so this is the last chance to tell anyone.
    disposed: ({ token, error }) =>
      error !== undefined && journal(`${token.name} could not be disposed: ${String(error)}`),
  });
  return app;
}

/** Answers one request with the services of its scope, which whoever calls this has opened, and closes. */
export async function answer(_request: Request, scope: Scope<Handler>): Promise<Response> {
  const handler = await scope.getAsync(Handler);
  return await handler.answer();
}

/** Waits for so long, or until the signal says to stop. */
function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    const stop = (): void => {
      clearTimeout(timer);
      resolve();
    };
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop);
  });
}
