/**
 * Watches the containers of a program: what happens in them, what they hold, and what is done to them by hand.
 *
 * The program is given the very container that the library has made. Everything here is seen from outside, with
 * `thimble/observe` and `thimble/graph`.
 */
import { observe } from "thimble/observe";
import { explain } from "thimble/graph";
import { Timeline } from "../../timeline.ts";
import { describe, show } from "./show.js";

/** After so many moments a program has shown what there is to see. */
const most = 3_000;

/** @type {{ number: number, root: import("thimble").Scope }[]} */
const containers = [];
/** Scopes that can be closed by hand, by their keys. */
const open = new Map();
/** Tokens that have been seen, by name: what can be resolved by hand. */
const tokens = new Map();
/** Scopes that close because one above them does. */
const nested = new WeakSet();

/** When the program began, by the clock of `performance`. */
export const began = performance.now();

let send = () => {};
let count = 0;
let queued = [];
let timer;

/** What is told from now on goes there. */
export function tellTo(receiver) {
  send = receiver;
}

/** Begins to watch a container, and returns it. */
export function watch(root, providers) {
  const number = containers.push({ number: containers.length + 1, root });
  const key = (id) => (number === 1 ? id : `${id} of container ${number}`);
  learn(providers);
  open.set(key(root.id), root);

  const timeline = new Timeline(began);
  timeline.onMoment((moment) => {
    if (moment.token === undefined) explainSoon();
    tell({
      ...moment,
      scopeId: key(moment.scopeId),
      ...(moment.parentId !== undefined && { parentId: key(moment.parentId) }),
    });
  });
  timeline.watch(root);
  observe(root, {
    registered: ({ token }) => void tokens.set(token.name, token),
    building: ({ token }) => void tokens.set(token.name, token),
    scopeOpened: ({ scope }) => void open.set(key(scope.id), scope),
    scopeClosing({ scope }) {
      // The last look at what it holds.
      if (scope === root) explainNow();
      if (scope.parent?.state === "closing") nested.add(scope);
    },
    scopeClosed: ({ scope, report }) => {
      open.delete(key(scope.id));
      // The report of the scope that is closed has those of the scopes below it.
      if (scope === root || (!nested.has(scope) && report.services.length > 0))
        send({ type: "report", scope: key(scope.id), ...reportOf(report) });
    },
  });
  explainSoon();
  return root;
}

/** Tokens of providers, however they are nested. */
function learn(it) {
  if (Array.isArray(it)) it.forEach(learn);
  else if (it?.token) tokens.set(it.token.name, it.token);
}

function reportOf({ ok, elapsed, services }) {
  return {
    ok,
    elapsed,
    services: services.map(({ token, scopeId, outcome, phase, elapsed, error }) => ({
      token,
      scopeId,
      outcome: phase ? `${outcome} (${phase})` : outcome,
      elapsed,
      ...(error !== undefined && { error: describe(error) }),
    })),
  };
}

// ---- Telling

function tell(moment) {
  if (++count > most) return;
  queued.push(moment);
  explainSoon();
}

function explainSoon() {
  timer ??= setTimeout(explainNow, 30);
}

/** Sends what has happened, and what every container holds. */
export function explainNow() {
  clearTimeout(timer);
  timer = undefined;
  const moments = queued;
  queued = [];
  const scopes = [];
  const services = [];
  for (const { number, root } of containers) {
    const key = (id) => (number === 1 ? id : `${id} of container ${number}`);
    const link = (it) => ({ ...it, id: `${number}:${it.id}` });
    const all = explain(root);
    scopes.push(...all.scopes.map((scope) => ({ id: key(scope.id), state: scope.state })));
    for (const service of all.services)
      services.push({
        ...link(service),
        scopeId: key(service.scopeId),
        dependencies: service.dependencies.map(link),
        dependents: service.dependents.map(link),
      });
  }
  // More than these nobody can look at.
  services.length = Math.min(services.length, 1_000);
  send({ type: "seen", now: performance.now() - began, moments, scopes, services, full: count > most });
}

// ---- By hand

const byHand = {
  open(scope) {
    return `opened ${scope.createScope("by hand").id}`;
  },
  async close(scope) {
    const { ok } = await scope.shutdown({ timeout: 3_000, reason: "closed by hand" });
    return ok ? "closed" : "closed, and not everything could be disposed";
  },
  async get(scope, name) {
    const token = tokens.get(name);
    if (!token) throw new Error(`There is no token ${name}`);
    return `gave ${show(await scope.getAsync(token))}`;
  },
};

/** Does something to a scope that is open. Returns what came of it, as text. */
export async function doByHand(what, key, name) {
  const scope = open.get(key);
  if (!scope || !Object.hasOwn(byHand, what)) return `${key} is not open`;
  return await byHand[what](scope, name);
}
