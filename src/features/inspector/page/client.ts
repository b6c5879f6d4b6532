/**
 * What runs in the inspector's page: it fetches what the inspector knows and shows it.
 *
 * The names of services may hold any character. They are only ever set as text and as attributes, never as markup. This
 * file is bundled into `../assets.ts` and runs nowhere else.
 *
 * @module
 */

import type { Explanation, ExplainedLink, ExplainedService } from "../../graph/explain.ts";
import type { PendingService } from "../../graph/lists.ts";
import type { Entry } from "../timeline.ts";

// ---- What the page is given

interface Data extends Explanation {
  readonly now: number;
  readonly pending: readonly PendingService[];
}

interface Health {
  readonly healthy: boolean;
  readonly elapsed: number;
  readonly checks: readonly {
    readonly scope: string;
    readonly token: string;
    readonly status: string;
    readonly elapsed: number;
    readonly error?: { readonly code?: string; readonly message: string };
  }[];
}

interface Point {
  readonly x: number;
  readonly y: number;
}

interface Size {
  readonly width: number;
  readonly height: number;
}

/** What is used of `@dagrejs/dagre`. */
interface LayoutGraph {
  setGraph(label: object): unknown;
  setDefaultEdgeLabel(label: () => object): unknown;
  setNode(id: string, label: { readonly width: number; readonly height: number }): unknown;
  setEdge(from: string, to: string): unknown;
  graph(): unknown;
  node(id: string): Point;
  edge(from: string, to: string): { readonly points: readonly Point[] };
}

// ---- Elements

const svgSpace = "http://www.w3.org/2000/svg";

type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

function fill<E extends Element>(it: E, attributes: Attributes, children: readonly (Node | string)[]): E {
  for (const [name, value] of Object.entries(attributes))
    if (value !== undefined && value !== false) it.setAttribute(name, value === true ? "" : String(value));
  it.append(...children);
  return it;
}

function html(tag: string, attributes: Attributes = {}, ...children: (Node | string)[]): HTMLElement {
  return fill(document.createElement(tag), attributes, children);
}

function svg(tag: string, attributes: Attributes = {}, ...children: (Node | string)[]): SVGElement {
  return fill(document.createElementNS(svgSpace, tag), attributes, children);
}

function byId(id: string): HTMLElement {
  return document.getElementById(id)!;
}

/**
 * A name without characters that are not visible, end a line or change the direction of what follows: they are written as
 * their numbers. Different names stay different.
 */
function visible(name: string): string {
  return name.replace(/[\p{C}\p{Zl}\p{Zp}]|\\(?=u\{)/gu, (it) =>
    it === "\\" ? "\\\\" : `\\u{${it.codePointAt(0)!.toString(16)}}`,
  );
}

/** All text that the page is given is made visible, ids too. */
function asText(_: string, value: unknown): unknown {
  return typeof value === "string" ? visible(value) : value;
}

async function read(response: Response): Promise<unknown> {
  return JSON.parse(await response.text(), asText) as unknown;
}

function count(number: number, word: string): string {
  return `${number} ${word}${number === 1 ? "" : "s"}`;
}

function milliseconds(elapsed: number): string {
  return elapsed >= 1_000
    ? `${(elapsed / 1_000).toFixed(2)} s`
    : `${elapsed < 10 ? elapsed.toFixed(1) : Math.round(elapsed)} ms`;
}

// ---- The page

/** More services than these are not drawn at once, but only what is around the one that is chosen. */
const most = 250;
/** How many entries of the timeline are shown. */
const shownEntries = 120;

const nodeHeight = 46;

export function start(layout: (graph: LayoutGraph) => unknown, Graph: new () => LayoutGraph): void {
  // The page may be at a path with or without a slash at its end, and a query may hold what lets it in.
  const base = location.pathname.replace(/\/?$/, "/");
  const urlOf = (name: string): string => base + name + location.search;

  let data: Data | undefined;
  let services = new Map<string, ExplainedService>();
  let chosen: string | undefined;
  let drawn = "";
  let scale = 1;
  let natural: Size = { width: 1, height: 1 };
  const entries: Entry[] = [];
  const nodes = new Map<string, SVGElement>();
  const edges: { readonly from: string; readonly to: string; readonly path: SVGElement }[] = [];

  // ---- Services

  const search = byId("search") as HTMLInputElement;

  function matches(service: ExplainedService): boolean {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const { token, kind, state, scopeId, tags, layer = "" } = service;
    const text = [token, kind, state, scopeId, layer, ...tags].join("\n").toLowerCase();
    return words.every((word) => text.includes(word));
  }

  function showServices(): void {
    const list = byId("services");
    const focused = list.contains(document.activeElement)
      ? (document.activeElement as HTMLElement).dataset["id"]
      : undefined;
    const found = [...services.values()].filter(matches);
    const sections = (data?.scopes ?? []).flatMap((scope) => {
      const here = found.filter(({ scopeId }) => scopeId === scope.id);
      if (here.length === 0) return [];
      const rows = here.map((service) => html("li", {}, buttonFor(service)));
      return [
        html("h3", {}, scope.id, html("span", { class: "quiet" }, ` ${scope.state}`)),
        html("ul", { "aria-label": `Services of ${scope.id}` }, ...rows),
      ];
    });
    list.replaceChildren(...sections);
    byId("matches").textContent = search.value ? `${count(found.length, "service")} found` : "";
    if (focused !== undefined)
      [...list.querySelectorAll<HTMLElement>("button")].find((it) => it.dataset["id"] === focused)?.focus();
    for (const [id, node] of nodes) node.classList.toggle("unfound", !found.some((it) => it.id === id));
  }

  function buttonFor(service: ExplainedService): HTMLElement {
    const { id, token, kind, state } = service;
    const button = html(
      "button",
      {
        type: "button",
        "data-id": id,
        "data-kind": kind,
        "aria-current": id === chosen ? "true" : undefined,
      },
      html("span", { class: "dot", "data-state": state, "aria-hidden": "true" }),
      html("span", { class: "name" }, token),
      html("span", { class: "quiet" }, `${kind}, ${state}`),
    );
    button.addEventListener("click", () => choose(id));
    return button;
  }

  // ---- Details

  function choose(id: string): void {
    chosen = id;
    showServices();
    showDetail();
    draw();
    light(id);
    for (const [other, node] of nodes) {
      node.setAttribute("aria-pressed", String(other === id));
      node.setAttribute("tabindex", other === id ? "0" : "-1");
    }
    reveal(id);
  }

  function showDetail(): void {
    const service = chosen === undefined ? undefined : services.get(chosen);
    byId("detail-title").textContent = service ? service.token : "Details";
    if (!service) {
      byId("detail-body").replaceChildren(html("p", { class: "quiet" }, "Choose a service."));
      return;
    }
    const { kind, state, scopeId, instances, buildTime, disposable, healthCheckable, tags, layer } = service;
    const pending = data?.pending.filter((it) => it.token === service.token && it.scopeId === scopeId) ?? [];
    const rows: [string, string][] = [
      [
        "Kind",
        [kind, service.fallback && "fallback", service.unregistered && "made by make()"]
          .filter(Boolean)
          .join(", "),
      ],
      ["State", state],
      ["Scope", scopeId],
    ];
    if (instances !== undefined) rows.push(["Instances", String(instances)]);
    if (buildTime !== undefined) rows.push(["Build time", milliseconds(buildTime)]);
    for (const { elapsed, waitsFor } of pending) {
      const chain = waitsFor.map((step) => step.token).join(" › ");
      rows.push(["Being built", `for ${milliseconds(elapsed)}${chain ? `, waits for ${chain}` : ""}`]);
    }
    rows.push(["Disposable", disposable ? "yes" : "no"], ["Health check", healthCheckable ? "yes" : "no"]);
    if (tags.length > 0) rows.push(["Tags", tags.join(", ")]);
    if (layer !== undefined) rows.push(["Layer", layer]);
    if (service.dynamic) rows.push(["Dependencies", "resolves what it needs as it runs"]);
    byId("detail-body").replaceChildren(
      html("dl", {}, ...rows.flatMap(([term, text]) => [html("dt", {}, term), html("dd", {}, text)])),
      ...links("Depends on", service.dependencies),
      ...links("Is depended on by", service.dependents),
    );
  }

  function links(title: string, all: readonly ExplainedLink[]): HTMLElement[] {
    if (all.length === 0) return [];
    const rows = all.map(({ id, token, soft, dynamic }) => {
      const button = html("button", { type: "button", class: "link" }, token);
      button.addEventListener("click", () => {
        choose(id);
        byId("detail").focus();
      });
      const note = soft ? " deferred" : dynamic ? " dynamic" : "";
      return html("li", {}, button, html("span", { class: "quiet" }, note));
    });
    return [html("h3", {}, title), html("ul", {}, ...rows)];
  }

  // ---- The drawing

  /** What is drawn: everything, or what is around the chosen service when there is too much. */
  function shown(): ExplainedService[] {
    if (services.size <= most) return [...services.values()];
    const near = new Set(chosen === undefined ? [] : [chosen]);
    let edge = [...near];
    for (let step = 0; step < 2; step++) {
      edge = edge.flatMap((id) => {
        const { dependencies = [], dependents = [] } = services.get(id) ?? {};
        return [...dependencies, ...dependents].map((it) => it.id).filter((it) => !near.has(it));
      });
      for (const id of edge.slice(0, most - near.size)) near.add(id);
    }
    return [...services.values()].filter(({ id }) => near.has(id));
  }

  function draw(): void {
    const all = shown();
    const signature = JSON.stringify(all.map(({ id, dependencies }) => [id, dependencies]));
    if (signature !== drawn) {
      drawn = signature;
      drawAnew(all);
    }
    for (const service of all) {
      const node = nodes.get(service.id);
      if (!node || node.dataset["state"] === service.state) continue;
      node.dataset["state"] = service.state;
      node.setAttribute("aria-label", describe(service));
      node.querySelector(".kind")!.textContent = subtitle(service);
    }
  }

  function describe({ token, kind, state, scopeId, dependencies, dependents }: ExplainedService): string {
    return `${token}, ${kind}, ${state}, in ${scopeId}. Depends on ${count(dependencies.length, "service")}, ${dependents.length} depend on it`;
  }

  function subtitle({ kind, state, scopeId }: ExplainedService): string {
    const where =
      data && data.scopes.length > 1
        ? ` · ${scopeId.length > 14 ? `${scopeId.slice(0, 13)}…` : scopeId}`
        : "";
    return (kind === "missing" ? "missing" : state === "not-kept" ? kind : `${kind}, ${state}`) + where;
  }

  function drawAnew(all: readonly ExplainedService[]): void {
    const canvas = byId("canvas");
    const hadFocus = canvas.contains(document.activeElement) && document.activeElement !== canvas;
    nodes.clear();
    edges.length = 0;
    if (all.length === 0) {
      const text =
        services.size > most
          ? `There are ${services.size} services. Choose one to draw what is around it.`
          : "There are no services.";
      canvas.replaceChildren(html("p", { class: "quiet" }, text));
      return;
    }
    const present = new Set(all.map(({ id }) => id));
    const pairs = all.flatMap(({ id, dependencies }) =>
      dependencies.filter((to) => present.has(to.id)).map((to) => ({ from: id, ...to })),
    );
    const laid = (rankdir: "LR" | "TB"): LayoutGraph => {
      const graph = new Graph();
      graph.setGraph({ rankdir, nodesep: 16, ranksep: rankdir === "LR" ? 56 : 44, marginx: 12, marginy: 12 });
      graph.setDefaultEdgeLabel(() => ({}));
      for (const service of all) graph.setNode(service.id, { width: widthOf(service), height: nodeHeight });
      for (const { from, id } of pairs) graph.setEdge(from, id);
      layout(graph);
      return graph;
    };
    // Whichever direction is shown larger.
    const [graph, other] = [laid("LR"), laid("TB")].sort((a, b) => roomFor(b) - roomFor(a));
    if (!graph || !other) return;
    natural = graph.graph() as Size;

    const arrow = (id: string): SVGElement =>
      svg(
        "marker",
        { id, viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 8, markerHeight: 8, orient: "auto" },
        svg("path", { d: "M0 0L8 4L0 8z" }),
      );
    const lines = svg("g", { class: "edges", "aria-hidden": "true" });
    for (const { from, id, soft, dynamic } of pairs) {
      const path = svg("path", {
        d: curve(graph.edge(from, id).points),
        class: soft ? "soft" : dynamic ? "dynamic" : undefined,
        "marker-end": "url(#arrow)",
      });
      lines.append(path);
      edges.push({ from, to: id, path });
    }
    const boxes = svg("g", { class: "nodes" });
    for (const service of all) boxes.append(nodeFor(service, graph.node(service.id)));
    const focusable = nodes.get(chosen ?? "") ?? nodes.get(all[0]!.id)!;
    focusable.setAttribute("tabindex", "0");
    const picture = svg(
      "svg",
      {
        viewBox: `0 0 ${natural.width} ${natural.height}`,
        role: "group",
        "aria-label": `Graph of ${count(all.length, "service")}`,
        "aria-describedby": "graph-help",
      },
      svg("defs", {}, arrow("arrow"), arrow("arrow-lit")),
      lines,
      boxes,
    );
    canvas.replaceChildren(picture);
    fit();
    if (hadFocus) focusable.focus();
  }

  function widthOf(service: ExplainedService): number {
    const name = shorten(service.token);
    return Math.max(name.length * 8.4, subtitle({ ...service, state: "not-built" }).length * 6.3, 60) + 34;
  }

  function shorten(name: string): string {
    // Not between the two halves of a character.
    return name.length > 28 ? `${name.slice(0, 27).replace(/[\ud800-\udbff]$/, "")}…` : name;
  }

  /** A line through the points: straight pieces with round corners. */
  function curve(points: readonly Point[]): string {
    const [first, ...rest] = points;
    let path = `M${first!.x} ${first!.y}`;
    rest.forEach(({ x, y }, at) => {
      const next = rest[at + 1];
      path += next ? `Q${x} ${y} ${(x + next.x) / 2} ${(y + next.y) / 2}` : `L${x} ${y}`;
    });
    return path;
  }

  function nodeFor(service: ExplainedService, { x, y }: Point): SVGElement {
    const { id, token, kind, state } = service;
    const width = widthOf(service);
    const node = svg(
      "g",
      {
        class: "node",
        role: "button",
        tabindex: -1,
        "data-kind": kind,
        "data-state": state,
        "aria-pressed": String(id === chosen),
        "aria-label": describe(service),
        transform: `translate(${x - width / 2} ${y - nodeHeight / 2})`,
      },
      svg("title", {}, token),
      svg("rect", { width, height: nodeHeight, rx: kind === "singleton" ? 6 : kind === "value" ? 3 : 22 }),
      svg("circle", { cx: 17, cy: 17, r: 5 }),
      svg("text", { x: 29, y: 21 }, shorten(token)),
      svg("text", { x: 29, y: 37, class: "kind" }, subtitle(service)),
    );
    nodes.set(id, node);
    node.addEventListener("click", () => choose(id));
    node.addEventListener("pointerenter", () => light(id));
    node.addEventListener("pointerleave", () => light(chosen));
    node.addEventListener("focus", () => light(id));
    node.addEventListener("blur", () => light(chosen));
    node.addEventListener("keydown", (event) => onKey(event, service.id));
    return node;
  }

  function onKey(event: KeyboardEvent, id: string): void {
    const ids = [...nodes.keys()];
    const at = ids.indexOf(id);
    const service = services.get(id);
    const first = (links: readonly ExplainedLink[] | undefined): string | undefined =>
      links?.find((link) => nodes.has(link.id))?.id;
    const targets: Record<string, (() => string | undefined) | undefined> = {
      ArrowRight: () => first(service?.dependencies),
      ArrowLeft: () => first(service?.dependents),
      ArrowDown: () => ids[at + 1],
      ArrowUp: () => ids[at - 1],
      Home: () => ids[0],
      End: () => ids.at(-1),
    };
    if (event.key === "Enter" || event.key === " ") choose(id);
    else if (!Object.hasOwn(targets, event.key)) return;
    event.preventDefault();
    const target = Object.hasOwn(targets, event.key) ? targets[event.key]!() : undefined;
    if (target === undefined) return;
    nodes.get(id)!.setAttribute("tabindex", "-1");
    nodes.get(target)!.setAttribute("tabindex", "0");
    nodes.get(target)!.focus();
    reveal(target);
  }

  /** Lights what a service depends on, directly or not, and what depends on it directly. */
  function light(id: string | undefined): void {
    const isOn = id !== undefined && nodes.has(id);
    byId("canvas").classList.toggle("dimmed", isOn);
    const below = new Set(isOn ? [id] : []);
    // The set grows while it is walked.
    for (const it of below) for (const link of services.get(it)?.dependencies ?? []) below.add(link.id);
    const above = new Set(isOn ? services.get(id)?.dependents.map((it) => it.id) : []);
    for (const [other, node] of nodes) node.classList.toggle("lit", below.has(other) || above.has(other));
    for (const { from, to, path } of edges) {
      const isLit = isOn && (below.has(from) || (to === id && above.has(from)));
      path.classList.toggle("lit", isLit);
      path.setAttribute("marker-end", isLit ? "url(#arrow-lit)" : "url(#arrow)");
    }
  }

  /** Scrolls the drawing, and nothing else, to a node. */
  function reveal(id: string): void {
    const canvas = byId("canvas");
    const node = nodes.get(id)?.getBoundingClientRect();
    if (!node) return;
    const view = canvas.getBoundingClientRect();
    if (node.left < view.left || node.right > view.right)
      canvas.scrollLeft += node.left + node.width / 2 - view.left - view.width / 2;
    if (node.top < view.top || node.bottom > view.bottom)
      canvas.scrollTop += node.top + node.height / 2 - view.top - view.height / 2;
  }

  function zoom(to: number): void {
    scale = Math.min(2, Math.max(0.2, to));
    const picture = byId("canvas").querySelector("svg");
    picture?.setAttribute("width", String(natural.width * scale));
    picture?.setAttribute("height", String(natural.height * scale));
  }

  /** How large a drawing may be shown, so that all of it is seen. */
  function roomFor(graph: LayoutGraph): number {
    const { clientWidth, clientHeight } = byId("canvas");
    const { width, height } = graph.graph() as Size;
    return Math.min(clientWidth / width, clientHeight / height);
  }

  function fit(): void {
    const { clientWidth, clientHeight } = byId("canvas");
    const whole = Math.min(clientWidth / natural.width, clientHeight / natural.height);
    // Smaller than this, nothing could be read.
    zoom(Math.min(1.15, Math.max(0.8, whole)));
  }

  function showLegend(): void {
    const kinds = ["value", "singleton", "scoped", "transient", "alias", "missing"];
    const states = ["built", "building", "not-built", "disposing"];
    const item = (name: string, shape: string, attributes: Attributes = {}): HTMLElement =>
      html(
        "div",
        {},
        html("dt", {}, html("span", { class: shape, "aria-hidden": "true", ...attributes })),
        html("dd", {}, name),
      );
    byId("legend").replaceChildren(
      ...kinds.map((kind) => item(kind, "swatch", { "data-kind": kind })),
      ...states.map((state) => item(state, "dot", { "data-state": state })),
      item("deferred", "stroke soft"),
      item("dynamic", "stroke dynamic"),
    );
  }

  // ---- Timeline

  const words: Record<Entry["type"], string> = {
    built: "built",
    failed: "failed to build",
    stopped: "stopped",
    disposed: "disposed",
    opened: "opened",
    closed: "closed",
  };

  function showTimeline(): void {
    const last = entries.slice(-shownEntries);
    const from = Math.min(...last.map(({ time, elapsed = 0 }) => time - elapsed));
    const span = Math.max(1, (last.at(-1)?.time ?? 0) - from);
    const rows = last.reverse().map(({ time, type, scopeId, token, elapsed, bad, code }) => {
      const bar = html("span", { class: "bar" });
      bar.style.marginLeft = `min(${((time - (elapsed ?? 0) - from) / span) * 100}%, calc(100% - 4px))`;
      bar.style.width = `${((elapsed ?? 0) / span) * 100}%`;
      const isBad = bad || type === "failed";
      const verb = bad && type !== "failed" ? `${words[type]} with an error` : words[type];
      return html(
        "li",
        { "data-type": type, "data-bad": isBad ? true : undefined },
        html("time", { datetime: new Date(time).toISOString() }, new Date(time).toLocaleTimeString()),
        html(
          "span",
          { class: "what" },
          html("strong", {}, token ?? scopeId),
          ` ${verb}${code ? ` (${code})` : ""}`,
        ),
        html(
          "span",
          { class: "quiet" },
          [token && scopeId, elapsed !== undefined && milliseconds(elapsed)].filter(Boolean).join(", "),
        ),
        html("span", { class: "track", "aria-hidden": "true" }, bar),
      );
    });
    byId("timeline").replaceChildren(
      ...(rows.length > 0 ? rows : [html("li", { class: "quiet" }, "Nothing yet.")]),
    );
  }

  // ---- Health

  async function showHealth(): Promise<void> {
    const summary = byId("health-summary");
    summary.textContent = "Checking";
    try {
      const { healthy, elapsed, checks } = (await read(await fetch(urlOf("health.json")))) as Health;
      summary.textContent =
        checks.length === 0
          ? "No service has a health check."
          : `${healthy ? "Healthy" : "Unhealthy"}: ${count(checks.length, "check")} in ${milliseconds(elapsed)}.`;
      byId("health-rows").replaceChildren(
        ...checks.map(({ scope, token, status, elapsed, error }) =>
          html(
            "li",
            { "data-status": status },
            html("strong", {}, token),
            ` ${status}`,
            html(
              "span",
              { class: "quiet" },
              ` in ${scope}, ${milliseconds(elapsed)}${error ? `: ${error.message}` : ""}`,
            ),
          ),
        ),
      );
    } catch {
      summary.textContent = "The health could not be checked.";
    }
  }

  // ---- Keeping up

  async function refresh(): Promise<void> {
    try {
      const response = await fetch(urlOf("graph.json"));
      if (!response.ok) throw new Error(String(response.status));
      data = (await read(response)) as Data;
    } catch {
      byId("summary").textContent = "The program does not answer";
      return;
    }
    services = new Map(data.services.map((it) => [it.id, it]));
    const built = data.services.filter(({ state }) => state === "built").length;
    const parts = [
      count(data.services.length, "service"),
      count(data.scopes.length, "scope"),
      `${built} built`,
    ];
    if (data.pending.length > 0) parts.push(`${data.pending.length} being built`);
    const missing = data.services.filter(({ kind }) => kind === "missing").length;
    if (missing > 0) parts.push(`${missing} missing`);
    const text = parts.join(" · ");
    if (byId("summary").textContent !== text) byId("summary").textContent = text;
    draw();
    showServices();
    showDetail();
  }

  let isQueued = false;
  function queueRefresh(): void {
    if (isQueued) return;
    isQueued = true;
    setTimeout(() => {
      isQueued = false;
      showTimeline();
      void refresh();
    }, 250);
  }

  function live(state: string): void {
    const it = byId("live");
    it.dataset["state"] = state;
    it.textContent = state;
  }

  const source = new EventSource(urlOf("events"));
  source.addEventListener("open", () => live("live"));
  source.addEventListener("error", () => live("reconnecting"));
  source.addEventListener("message", ({ data: text }: MessageEvent<string>) => {
    const entry = JSON.parse(text, asText) as Entry;
    // A program that was started again counts anew.
    if (entry.id <= (entries.at(-1)?.id ?? 0)) entries.length = 0;
    entries.push(entry);
    if (entries.length > 500) entries.shift();
    queueRefresh();
  });

  search.addEventListener("input", showServices);
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && document.activeElement !== search) {
      event.preventDefault();
      search.focus();
    }
  });
  byId("check").addEventListener("click", () => void showHealth());
  byId("zoom-in").addEventListener("click", () => zoom(scale * 1.25));
  byId("zoom-out").addEventListener("click", () => zoom(scale / 1.25));
  byId("fit").addEventListener("click", fit);
  showLegend();
  showTimeline();
  void refresh();
  void showHealth();
}
