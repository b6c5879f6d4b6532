/**
 * The drawing of a graph: services as boxes, with arrows to what they depend on.
 *
 * It is given data and an element to draw in, and knows nothing of the page around it. The playground draws with it too.
 *
 * @module
 */

import type { ExplainedLink, ExplainedService } from "../../graph/explain.ts";
import { count, html, svg } from "./dom.ts";

interface Point {
  readonly x: number;
  readonly y: number;
}

interface Size {
  readonly width: number;
  readonly height: number;
}

/** What is used of `@dagrejs/dagre`. */
export interface LayoutGraph {
  setGraph(label: object): unknown;
  setDefaultEdgeLabel(label: () => object): unknown;
  setNode(id: string, label: { readonly width: number; readonly height: number }): unknown;
  setEdge(from: string, to: string): unknown;
  graph(): unknown;
  node(id: string): Point;
  edge(from: string, to: string): { readonly points: readonly Point[] };
}

/** More services than these are not drawn at once, but only what is around the one that is chosen. */
const most = 250;

const nodeHeight = 46;

export interface DrawingOptions {
  readonly canvas: HTMLElement;
  /** The id of a text that says how the keyboard is used. */
  readonly help: string;
  /** `layout` and `Graph` of `@dagrejs/dagre`. */
  layout(graph: LayoutGraph): unknown;
  readonly Graph: new () => LayoutGraph;
  /** A box was clicked, or Enter was pressed on it. */
  onChoose(id: string): void;
  /** What is written where nothing can be drawn. */
  readonly empty?: string;
  /**
   * No drawing is made smaller than this to fit.
   *
   * @default 0.8
   */
  readonly smallest?: number;
}

export interface Drawing {
  /** Draws these, by their ids. What looks as before stays where it is. */
  draw(services: ReadonlyMap<string, ExplainedService>, scopes: number): void;
  /** Marks one service, and shows what it depends on and what depends on it. */
  choose(id: string | undefined): void;
  /** Makes what was not found pale. */
  find(isFound: (id: string) => boolean): void;
  zoom(factor: number): void;
  /** Draws it anew for the room that there is. */
  fit(): void;
}

export function createDrawing({
  canvas,
  help,
  layout,
  Graph,
  onChoose,
  empty,
  smallest = 0.8,
}: DrawingOptions): Drawing {
  let services: ReadonlyMap<string, ExplainedService> = new Map();
  let scopes = 0;
  let chosen: string | undefined;
  let drawn = "";
  let isFound = (_id: string): boolean => true;
  let scale = 1;
  let natural: Size = { width: 1, height: 1 };
  const nodes = new Map<string, SVGElement>();
  const edges: { readonly from: string; readonly to: string; readonly path: SVGElement }[] = [];

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
    const where = scopes > 1 ? ` · ${scopeId.length > 14 ? `${scopeId.slice(0, 13)}…` : scopeId}` : "";
    return (
      (kind === "missing" || kind === "later" ? kind : state === "not-kept" ? kind : `${kind}, ${state}`) +
      where
    );
  }

  function drawAnew(all: readonly ExplainedService[]): void {
    const hadFocus = canvas.contains(document.activeElement) && document.activeElement !== canvas;
    nodes.clear();
    edges.length = 0;
    if (all.length === 0) {
      const text =
        services.size > most
          ? `There are ${services.size} services. Choose one to draw what is around it.`
          : (empty ?? "There are no services.");
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
        "aria-describedby": help,
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
    node.classList.toggle("unfound", !isFound(id));
    node.addEventListener("click", () => onChoose(id));
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
    if (event.key === "Enter" || event.key === " ") onChoose(id);
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
    canvas.classList.toggle("dimmed", isOn);
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
    const picture = canvas.querySelector("svg");
    picture?.setAttribute("width", String(natural.width * scale));
    picture?.setAttribute("height", String(natural.height * scale));
  }

  /** How large a drawing may be shown, so that all of it is seen. */
  function roomFor(graph: LayoutGraph): number {
    const { clientWidth, clientHeight } = canvas;
    const { width, height } = graph.graph() as Size;
    return Math.min(clientWidth / width, clientHeight / height);
  }

  function fit(): void {
    const { clientWidth, clientHeight } = canvas;
    const whole = Math.min(clientWidth / natural.width, clientHeight / natural.height);
    // Smaller than this, nothing could be read.
    zoom(Math.min(1.15, Math.max(smallest, whole)));
  }

  return {
    draw(those, count) {
      services = those;
      scopes = count;
      draw();
    },
    choose(id) {
      chosen = id;
      draw();
      light(id);
      for (const [other, node] of nodes) {
        node.setAttribute("aria-pressed", String(other === id));
        node.setAttribute("tabindex", other === id ? "0" : "-1");
      }
      if (id !== undefined) reveal(id);
    },
    find(isIt) {
      isFound = isIt;
      for (const [id, node] of nodes) node.classList.toggle("unfound", !isFound(id));
    },
    zoom: (factor) => zoom(scale * factor),
    fit() {
      // The room may be another one than before, or the first: nothing fits an element that is not shown.
      drawn = "";
      draw();
      fit();
      light(chosen);
    },
  };
}
