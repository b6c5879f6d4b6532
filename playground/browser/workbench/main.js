/**
 * The page: a program on the left, and beside it what its containers do.
 *
 * A program may be anyone's, because a link can carry one. It runs where it can reach nothing of this page, what it tells is
 * shown as text, and one that came by a link does not run before somebody says so.
 */
import { duration, element, setText } from "../element.js";
import { Lives } from "../lives.js";
import { MomentList } from "../moments.js";
import { ScopeTree } from "../scopes.js";
import { createEditor } from "./editor.js";
import { examples, groups } from "./examples.js";
import { readable, ServiceGraph } from "./graph.js";
import { Problem, resolveImports } from "./imports.js";
import { linkTo, readLink } from "./link.js";
import { Output } from "./output.js";
import { Runner } from "./runner.js";
import { Clock, Threads } from "./threads.js";

/** @type {(id: string) => any} */
const find = (id) => document.getElementById(id);

const calm = matchMedia("(prefers-reduced-motion: reduce)");

const editor = createEditor(find("editor"), { onChange, onRun: run });
const runner = new Runner(find("frames"), (message) => hear(readable(message)));
const output = new Output(find("lines"), (line) => editor.reveal(line));
const moments = new MomentList(find("moments"));
const graph = new ServiceGraph({
  canvas: find("canvas"),
  form: find("get"),
  onGet: (scope, token) => byHand("get", scope, `get ${token} from ${scope}`, token),
});

let lives = new Lives();
let clock = new Clock();
let tree = new ScopeTree(find("tree"));
let threads = new Threads(find("threads"));

/** The example that the program began as, if it did. */
let example;
/** What has been written into examples, so that looking at another one loses nothing. */
const drafts = new Map();

// ---- Choosing a program

for (const { title, examples } of groups)
  find("examples").append(
    element("h2", {}, title),
    element(
      "ul",
      {},
      ...examples.map(({ id, title }) => element("li", {}, element("a", { href: `#example=${id}` }, title))),
    ),
  );

async function load() {
  const wanted = await readLink(location.hash);
  if (wanted?.program !== undefined) {
    open(undefined, wanted.program);
    tell("idle", "This program came with a link. Read it, then run it.");
    return;
  }
  const chosen = examples.get(wanted?.example ?? "first");
  if (!chosen || (location.hash !== "" && !wanted)) {
    open(examples.get("first"), examples.get("first").program);
    tell("bad", "There is no program in this link. Here is the first example.");
    return;
  }
  open(chosen, drafts.get(chosen.id) ?? chosen.program);
  run();
}

function open(chosen, program) {
  runner.stop();
  example = undefined;
  editor.open(program);
  example = chosen;
  forget();
  runs(false);
  showMenu(false);
  setText(find("program-title"), chosen?.title ?? "Program");
  find("reset").hidden = !chosen || program === chosen.program;
  for (const link of find("examples").querySelectorAll("a"))
    if (link.hash === `#example=${chosen?.id}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  showFiles(chosen ?? {});
}

/** @param {Partial<import("./examples.js").Example>} example */
function showFiles({ files = {}, page }) {
  const buttons = [["program.js"], ...Object.entries(files)].map(([name, text]) => {
    const button = element("button", { type: "button" }, name);
    button.setAttribute("aria-pressed", String(text === undefined));
    button.addEventListener("click", () => {
      editor.read(text === undefined ? undefined : name, text);
      press(buttons, button);
    });
    return button;
  });
  find("files").replaceChildren(...buttons);
  if (page) find("files").append(element("a", { href: page }, "Use it by hand"));
  find("files").hidden = buttons.length === 1;
}

function press(buttons, pressed) {
  for (const it of buttons) it.setAttribute("aria-pressed", String(it === pressed));
}

function onChange(program) {
  if (!example) return;
  find("reset").hidden = program === example.program;
  drafts.set(example.id, program);
}

find("reset").addEventListener("click", () => {
  drafts.delete(example.id);
  open(example, example.program);
  run();
});

function showMenu(isOpen) {
  find("menu").setAttribute("aria-expanded", String(isOpen));
  find("examples").classList.toggle("open", isOpen);
}

find("menu").addEventListener("click", () => showMenu(!find("examples").classList.contains("open")));
document.addEventListener("keydown", ({ key }) => {
  if (key !== "Escape" || !find("examples").classList.contains("open")) return;
  showMenu(false);
  find("menu").focus();
});
find("examples").addEventListener("click", ({ target }) => {
  // The same example once more is no change of the address.
  if (target.hash === location.hash) void load();
});
addEventListener("hashchange", () => void load());

find("share").addEventListener("click", async () => {
  const link = await linkTo(editor.program);
  history.replaceState(undefined, "", link);
  try {
    await navigator.clipboard.writeText(link);
    tell("good", "The link is copied. It carries the program.");
  } catch {
    tell("good", "The address of this page now carries the program.");
  }
});

// ---- Running it

function run() {
  runner.stop();
  forget();
  press([...find("files").querySelectorAll("button")], find("files").firstElementChild);
  editor.mark([]);
  runs(true);
  tell("busy", "Running");
  try {
    runner.run(resolveImports(editor.program));
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    end();
    failed("This does not run", { text: error.message, lines: [error.line] });
  }
}

/** Takes everything away that an earlier run has left. */
function forget() {
  lives = new Lives();
  clock = new Clock();
  tree = new ScopeTree(find("tree"), {
    byId: true,
    actions: [
      { label: "Close", act: (id) => byHand("close", id, `close ${id}`) },
      { label: "Open a child", act: (id) => byHand("open", id, `open a scope in ${id}`) },
    ],
  });
  threads = new Threads(find("threads"));
  moments.clear();
  output.clear();
  graph.clear();
  if (before !== undefined) showPanel(before);
  marks.length = 0;
  ahead = 0;
  find("time").classList.remove("full");
  stir();
}

function end() {
  runner.stop();
  runs(false);
  tree.freeze();
}

function runs(isRunning) {
  find("stop").disabled = !isRunning;
  find("get").inert = !isRunning;
}

find("run").addEventListener("click", run);
find("stop").addEventListener("click", () => {
  stoppedAt = now();
  end();
  tell("idle", "Stopped. What was open is gone, as when a process is killed.");
});

function tell(kind, text) {
  find("status").dataset.kind = kind;
  setText(find("status"), text);
}

// ---- What the program tells

/** @type {import("./editor.js").Mark[]} */
const marks = [];
/** By how much the program's clock is ahead of ours. */
let ahead = 0;
let stoppedAt;

function now() {
  if (!runner.isRunning) return stoppedAt ?? 0;
  return performance.now() + ahead;
}

const on = {
  began() {},
  seen({ now, moments: news, scopes, services, full }) {
    ahead = now - performance.now();
    for (const moment of news) {
      lives.add(moment);
      clock.add(moment);
      moments.add(moment);
    }
    find("time").classList.toggle("full", full);
    const states = new Map(lives.all.map((life) => [life.id, life.services]));
    graph.update(scopes, services, (scopeId, token) => {
      const state = states.get(scopeId)?.get(token)?.state;
      return state === "gone" || state === "stopped" ? "disposed" : state;
    });
    stir();
  },
  printed({ level, text, errors }) {
    if (text !== undefined) output.print({ level, text });
    for (const error of errors) {
      output.error(`console.${level}`, error);
      mark(error);
    }
  },
  done({ elapsed }) {
    const kind = find("status").dataset.kind;
    if (kind === "busy") tell("good", `Ran in ${duration(elapsed)}. ${whatIsOpen()}`);
  },
  threw({ error, isSyntax }) {
    if (isSyntax && error.lines.length === 0) {
      // What the browser could not read was not run. It says where in another way.
      syntax = error;
      runner.check();
    } else failed("The program has failed", error);
  },
  checked({ message, line }) {
    failed("The browser cannot read this", { text: syntax?.text ?? message, lines: [line] });
    end();
  },
  failed: ({ title, error }) => failed(title, error),
  report(report) {
    output.report(report);
    if (report.ok) return;
    tell("bad", `${report.scope} has closed, and not everything could be disposed.`);
    interrupt();
  },
  "by hand"({ id, text, error }) {
    const what = asked.get(id) ?? "by hand";
    asked.delete(id);
    if (error) {
      output.error(`By hand: ${what}`, error);
      tell("bad", `${what}: ${error.text.split("\n")[0]}`);
    } else {
      output.print({ level: "hand", text: `By hand: ${what}: ${text}` });
      tell("good", `${what}: ${text}`);
    }
  },
  busy: () => tell("bad", "The program does not answer. Stop ends it."),
  flooded() {
    end();
    tell("bad", "The program said more than anybody could read. It was stopped.");
  },
  broken({ message }) {
    failed("The program could not be started", { text: String(message), lines: [] });
    end();
  },
};

let syntax;

/** A program that wants to can send anything. What is not as it should be is nothing. */
function hear(message) {
  if (typeof message !== "object" || message === null) return;
  if (Object.hasOwn(on, message.type)) on[message.type](message);
}

function failed(title, error) {
  const [line] = error.lines;
  output.error(title, error);
  mark(error);
  tell(
    "bad",
    `${title}${line === undefined ? "" : ` at line ${line}`}: ${error.code ?? error.text.split("\n")[0]}`,
  );
  interrupt();
}

function mark({ text, lines: [line] }) {
  if (line === undefined) return;
  marks.push({ line, text });
  editor.mark(marks.slice(-20));
}

function whatIsOpen() {
  if (find("time").classList.contains("full")) return "More has happened than is shown here.";
  const open = lives.all.filter(({ state }) => state === "open").length;
  if (open === 0) return "Everything is closed.";
  return open === 1 ? "One scope is open: close it by hand." : `${open} scopes are open: close one by hand.`;
}

// ---- By hand

const asked = new Map();

function byHand(what, scope, text, token) {
  asked.set(runner.byHand(what, scope, token), text);
}

// ---- Panels, where there is room for one

const tabs = [...document.querySelectorAll(".tabs button")];

function showPanel(name) {
  press(
    tabs,
    tabs.find(({ dataset }) => dataset.panel === name),
  );
  for (const panel of document.querySelectorAll(".panel")) panel.classList.toggle("shown", panel.id === name);
  before = undefined;
  if (name === "graph") graph.fit();
}

/** What was shown before the output had something to say. */
let before;

function interrupt() {
  const shown = before ?? document.querySelector(".panel.shown").id;
  showPanel("output");
  before = shown;
}

for (const tab of tabs) tab.addEventListener("click", () => showPanel(tab.dataset.panel));
new ResizeObserver(() => graph.fit()).observe(find("canvas"));

// ---- Drawing

let isDrawing = false;

/** Draws now, and goes on for as long as something moves. */
function stir() {
  if (isDrawing) return;
  isDrawing = true;
  requestAnimationFrame(draw);
}

function draw() {
  const at = now();
  tree.draw(lives.all, at);
  threads.draw(lives.all, clock, at);
  const { all } = lives;
  const open = all.filter(({ state }) => state !== "closed").length;
  setText(find("scopes-count"), all.length === 0 ? "" : `${open} of ${all.length} open`);
  isDrawing = false;
  // Ages of open scopes go on, but need not go on smoothly.
  if (!runner.isRunning || open === 0) return;
  isDrawing = true;
  if (clock.isBusy && !calm.matches) requestAnimationFrame(draw);
  else setTimeout(draw, 250);
}

showPanel("scopes");
void load();
