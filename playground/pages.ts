/**
 * The app's own pages, for entry points that have no other: one to make links, one to say what went wrong.
 *
 * They carry no script at all, so their policy can forbid every one; and all text
 * passes through `html`, which escapes whatever it did not write itself.
 */
import type { Link } from "./store.ts";
import { sentence, type Moment } from "./timeline.ts";

const headers = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy":
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  "cache-control": "no-store",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

/** A person's browser asks for pages; programs are given JSON. */
export function wantsPage(request: Request): boolean {
  return request.headers.get("accept")?.includes("text/html") ?? false;
}

export function homePage(links: readonly Link[], moments: readonly Moment[]): Response {
  return page(
    200,
    "Shorten a link",
    html`
      <form method="post" action="/links">
        <label for="url">A long link</label>
        <input
          id="url"
          name="url"
          type="url"
          required
          maxlength="2000"
          placeholder="https://"
          autocomplete="off"
        />
        <button>Shorten</button>
      </form>
      <h2>Links</h2>
      ${links.length === 0 ? html`<p>None yet.</p>` : ""}
      <ul>
        ${links.map(({ id, url, visits }) => html`<li><a href="/${id}">/${id}</a> <span>${visits} ${visits === 1 ? "visit" : "visits"}</span> ${url}</li>`)}
      </ul>
      <h2>What the container just did</h2>
      <ol>
        ${moments.filter(isDone).map((moment) => html`<li>${sentence(moment)}</li>`)}
      </ol>
    `,
  );
}

/** A page that stands still need not say what was only about to happen. */
function isDone({ what }: Moment): boolean {
  return what !== "building" && what !== "disposing" && what !== "closing";
}

export function errorPage(status: number, message: string): Response {
  return page(status, message, html`<p><a href="/">Back to the links</a></p>`);
}

function page(status: number, title: string, body: Html): Response {
  const { text } = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} · Thimble playground</title>
        <link rel="stylesheet" href="/plain.css" />
      </head>
      <body>
        <main>
          <h1>${title}</h1>
          ${body}
        </main>
      </body>
    </html>`;
  return new Response(text, { status, headers });
}

export function stylesheet(): Response {
  const css = `
    :root { color-scheme: light dark; --paper: light-dark(#f7f4ee, #17161b); --ink: light-dark(#211d2b, #ece8f2); --soft: light-dark(#655f70, #a59fb2);
      --line: light-dark(#ddd6ca, #38343f); --thread: light-dark(#4b3fbf, #b3a8ff); }
    * { box-sizing: border-box; }
    body { margin: 0; padding: 2rem 1rem 4rem; background: var(--paper); color: var(--ink); font: 1rem/1.55 ui-sans-serif, system-ui, sans-serif; }
    main { max-width: 44rem; margin: auto; }
    h1, h2 { line-height: 1.2; } h2 { margin-top: 2.5rem; font-size: 1.1rem; }
    label { display: block; margin-bottom: .35rem; }
    form { display: grid; grid-template-columns: 1fr auto; gap: .5rem; } form label { grid-column: 1 / -1; margin: 0; }
    input, button { min-width: 0; padding: .6rem .8rem; border: 1px solid var(--line); border-radius: .5rem; background: transparent; color: inherit; font: inherit; }
    button { border-color: var(--thread); background: var(--thread); color: var(--paper); cursor: pointer; }
    a { color: var(--thread); } :focus-visible { outline: 3px solid var(--thread); outline-offset: 2px; }
    ul { padding: 0; list-style: none; } li { padding: .35rem 0; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
    li span { margin: 0 .5rem; color: var(--soft); } ol { padding: 0; list-style: none; color: var(--soft); font: .85rem/1.5 ui-monospace, monospace; } ol li { padding: .1rem 0; border: 0; }
  `;
  return new Response(css, {
    headers: { "content-type": "text/css; charset=utf-8", "x-content-type-options": "nosniff" },
  });
}

// ---- Writing HTML ------------------------------------------------------------------------------

/** Text that is HTML already. Only {@linkcode html} makes it, which is why nothing else gets onto a page unescaped. */
class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Printable = string | number | Html | readonly Html[];

function html(strings: TemplateStringsArray, ...values: Printable[]): Html {
  return new Html(strings.reduce((text, next, i) => text + print(values[i - 1] ?? "") + next));
}

function print(value: Printable): string {
  if (value instanceof Html) return value.text;
  if (typeof value === "object") return value.map(print).join("");
  return String(value).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
