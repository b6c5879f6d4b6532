/**
 * The page: it sends requests to the app, wherever that runs, and shows what comes
 * back and what the container does meanwhile.
 *
 * What is drawn comes from the moments of a timeline and from nothing else, so that
 * an app in this page and one on a server look alike.
 */
import { Chart } from "../chart.js";
import { duration, element } from "../element.js";
import { Lives } from "../lives.js";
import { MomentList } from "../moments.js";
import { here, there } from "./places.js";
import { ScopeTree } from "../scopes.js";

/** @type {(id: string) => any} */
const find = (id) => document.getElementById(id);

const settings = find("settings");
const answer = find("answer");
const calm = matchMedia("(prefers-reduced-motion: reduce)");

/** @type {import("./places.js").Place} */
let place;
let lives;
let tree;
let chart;
const moments = new MomentList(find("moments"));
/** Links were followed whose visits have yet to be counted. */
let countIsDue = false;

// ---- Where the app runs ------------------------------------------------------------------------

function begin() {
  place?.leave();
  lives = new Lives();
  tree = new ScopeTree(find("scopes"));
  chart = new Chart(find("chart"));
  moments.clear();
  find("report").hidden = true;

  const onThisPage = settings.elements.place.value === "here";
  settings.elements.slow.disabled = !onThisPage;
  find("shut-down").disabled = !onThisPage;
  find("shut-down").title = onThisPage ? "" : "Press Ctrl+C in the terminal";
  place = onThisPage ? here({ pause, onMoments }) : there({ onMoments, onGone });

  void showLinks();
}

/** What "slow motion" means: half a second wherever a database would take its time. */
function pause() {
  return new Promise((resolve) => setTimeout(resolve, settings.elements.slow.checked ? 500 : 0));
}

/** @param {readonly import("../../timeline.ts").Moment[]} news */
function onMoments(news) {
  for (const moment of news) {
    lives.add(moment);
    moments.add(moment);
    // Visits are counted while their scope closes: only now is the list out of date.
    if (countIsDue && moment.what === "disposed" && moment.token === "Visit") {
      countIsDue = false;
      void showLinks();
    }
  }
  if (news.length > 0) stir();
}

function onGone() {
  tell("bad", "The server has gone. If that was Ctrl+C, its terminal shows the report.");
}

settings.addEventListener("change", ({ target }) => {
  if (target.name === "place") begin();
});

// ---- Asking the app ----------------------------------------------------------------------------

const get = (path) => new Request(path, { headers: { accept: "application/json" } });

/** @param {string} url */
const post = (url) =>
  new Request("/links", {
    method: "POST",
    headers: { accept: "application/json", "content-type": "application/json" },
    body: JSON.stringify({ url }),
  });

/** Sends a request and says what came of it. */
async function ask(request, describe) {
  const began = performance.now();
  try {
    const response = await place.send(request);
    const { status, text, link } = await describe(response);
    const took = duration(performance.now() - began);
    tell(status < 400 ? "good" : "bad", text, { status, took, link });
    return response;
  } catch (error) {
    tell("bad", `No answer: ${error.message}`);
  }
}

async function shorten(url) {
  const asked = place;
  return ask(post(url), async (response) => {
    const body = await response.json();
    if (!response.ok) return { status: response.status, text: body.error };
    if (asked === place) addLink(body);
    return { status: response.status, text: `/${body.id} now leads to ${body.url}` };
  });
}

function follow({ id, url }) {
  return ask(get(`/${id}`), async (response) => {
    // A page may not look into a redirect that came over the network, only see that it is one.
    const link = response.type === "opaqueredirect" ? url : response.headers.get("location");
    countIsDue ||= link !== null;
    if (link !== null) return { status: 302, text: "", link };
    return { status: response.status, text: (await response.json()).error };
  });
}

function slow() {
  return ask(get("/slow?ms=3000"), async (response) => {
    const body = await response.json();
    return {
      status: response.status,
      text: response.ok ? `Took its ${body.waited / 1_000} seconds` : body.error,
    };
  });
}

find("shorten").addEventListener("submit", async (event) => {
  event.preventDefault();
  const { url } = event.target.elements;
  const response = await shorten(url.value);
  if (response?.ok) url.value = "";
  else url.select();
});

find("slow-request").addEventListener("click", () => void slow());
find("five-requests").addEventListener("click", () => {
  for (let i = 1; i <= 5; i++) void shorten(`https://example.com/page/${i}`);
});
find("unknown-link").addEventListener("click", () => void follow({ id: "nobody2", url: "" }));
find("bad-link").addEventListener("click", () => void shorten("javascript:alert(1)"));

// ---- Answers and links -------------------------------------------------------------------------

/**
 * @param {"good" | "bad"} kind
 * @param {string} text
 * @param {{ status?: number, took?: string, link?: string }} [more]
 */
function tell(kind, text, { status, took, link } = {}) {
  answer.dataset.kind = kind;
  answer.replaceChildren(
    ...(status ? [element("strong", {}, String(status)), " "] : []),
    ...(link ? ["leads to ", outgoing(link)] : [text]),
    ...(took ? [" ", element("small", {}, took)] : []),
  );
}

/** A link out of here, if it is one of those that may be clicked: what is in localStorage, anyone could have put there. */
function outgoing(href) {
  if (!/^https?:/.test(href)) return href;
  return element("a", { href, target: "_blank", rel: "noopener noreferrer" }, href);
}

async function showLinks() {
  const asked = place;
  const response = await asked.send(get("/links")).catch(() => undefined);
  if (!response?.ok || asked !== place) return;
  const links = await response.json();
  find("links").replaceChildren(...links.slice(0, 8).map(linkItem));
  find("no-links").hidden = links.length > 0;
}

function addLink(link) {
  find("links").prepend(linkItem(link));
  while (find("links").childElementCount > 8) find("links").lastElementChild.remove();
  find("no-links").hidden = true;
}

function linkItem(link) {
  const button = element("button", { type: "button" }, "Follow");
  button.setAttribute("aria-label", `Follow /${link.id}`);
  button.addEventListener("click", () => void follow(link));
  return element(
    "li",
    {},
    element("code", {}, `/${link.id}`),
    element("span", { className: "visits" }, `${link.visits} ${link.visits === 1 ? "visit" : "visits"}`),
    button,
    element("span", { className: "target", title: link.url }, link.url),
  );
}

// ---- Shutting down -----------------------------------------------------------------------------

find("shut-down").addEventListener("click", async () => {
  find("shut-down").disabled = true;
  const report = await place.shutdown();

  find("report-summary").textContent =
    `${report.ok ? "Everything was undone" : "Not everything could be undone"} in ${duration(report.elapsed)}, dependents before what they depend on.`;
  find("report-rows").replaceChildren(
    ...report.services.map(({ token, scopeId, outcome, elapsed }) =>
      element(
        "tr",
        { dataset: { outcome } },
        element("td", {}, element("code", {}, token)),
        element("td", {}, scopeId),
        element("td", {}, outcome),
        element("td", {}, duration(elapsed)),
      ),
    ),
  );
  find("report").hidden = false;
  find("report-title").focus();
});

find("again").addEventListener("click", () => {
  begin();
  find("url").focus();
});

// ---- Drawing -----------------------------------------------------------------------------------

let drawing = false;

/** Draws now, and goes on for as long as something moves. */
function stir() {
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(draw);
}

function draw() {
  const now = place.now();
  lives.forget(now);
  tree.draw(lives.all, now);
  chart.draw(lives.all, now);
  find("count").textContent = `${lives.opened} opened, ${lives.open} open now`;

  if (!lives.stirs(now)) {
    drawing = false;
  } else if (calm.matches) {
    setTimeout(draw, 500);
  } else {
    requestAnimationFrame(draw);
  }
}

begin();
