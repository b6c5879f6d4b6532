/**
 * The page of an inspector: one document that loads nothing but the data of the inspector it belongs to.
 *
 * It is the same for every program. Names come as data and are put into the page as text, so that none of them is ever
 * read as markup. Script and style stand in the document itself, because a browser sends no token of a query for a file of
 * its own; the policy knows them by their hashes, and lets in nothing else.
 *
 * @module
 */

import { script, scriptHash, style, styleHash } from "./assets.ts";

/** The `Content-Security-Policy` of the page. */
export const policy: string = [
  "default-src 'none'",
  `script-src '${scriptHash}'`,
  `style-src '${styleHash}'`,
  "connect-src 'self'",
  "img-src data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join("; ");

export const page: string = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>Thimble inspector</title>
<link rel="icon" href="data:,">
<style>${style}</style>
<body>
<header>
<h1>Inspector</h1>
<p id="summary" role="status">Loading</p>
<p id="live" data-state="connecting">connecting</p>
</header>
<main>
<nav aria-label="Services">
<label for="search">Search services</label>
<input id="search" type="search" autocomplete="off" spellcheck="false" placeholder="name, kind, state, tag or scope">
<p id="matches" role="status"></p>
<div id="services"></div>
</nav>
<section id="drawing" aria-labelledby="graph-title">
<div class="bar"><h2 id="graph-title">Graph</h2><div class="tools"><button id="zoom-out" type="button" aria-label="Smaller">−</button><button id="zoom-in" type="button" aria-label="Larger">+</button><button id="fit" type="button">Fit</button></div></div>
<p id="graph-help">An arrow leads from a service to what it depends on. With the keyboard: right goes to a dependency, left to a dependent, up and down to the next service, Enter shows its details.</p>
<div id="canvas" tabindex="-1"></div>
<dl id="legend" aria-label="Legend"></dl>
</section>
<section id="detail" aria-labelledby="detail-title" tabindex="-1"><h2 id="detail-title">Details</h2><div id="detail-body"><p class="quiet">Choose a service.</p></div></section>
<section id="health" aria-labelledby="health-title"><div class="bar"><h2 id="health-title">Health</h2><button id="check" type="button">Check now</button></div><p id="health-summary" role="status">Not checked yet.</p><ul id="health-rows" tabindex="0" aria-label="Health checks"></ul></section>
<section id="time" aria-labelledby="time-title"><h2 id="time-title">Timeline</h2><ol id="timeline" tabindex="0" aria-label="What has happened, the newest first"></ol></section>
</main>
<script>${script}</script>
</body>
</html>
`;
