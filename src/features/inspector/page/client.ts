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
import { asText, type Attributes, count, html, milliseconds } from "./dom.ts";
import { createDrawing, type LayoutGraph } from "./drawing.ts";

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

function byId(id: string): HTMLElement {
  return document.getElementById(id)!;
}

async function read(response: Response): Promise<unknown> {
  return JSON.parse(await response.text(), asText) as unknown;
}

// ---- The page

/** How many entries of the timeline are shown. */
const shownEntries = 120;

export function start(layout: (graph: LayoutGraph) => unknown, Graph: new () => LayoutGraph): void {
  // The page may be at a path with or without a slash at its end, and a query may hold what lets it in.
  const base = location.pathname.replace(/\/?$/, "/");
  const urlOf = (name: string): string => base + name + location.search;

  let data: Data | undefined;
  let services = new Map<string, ExplainedService>();
  let chosen: string | undefined;
  const entries: Entry[] = [];
  const drawing = createDrawing({
    canvas: byId("canvas"),
    help: "graph-help",
    layout,
    Graph,
    onChoose: choose,
  });

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
    drawing.find((id) => found.some((it) => it.id === id));
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
    drawing.choose(id);
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

  // ---- The legend

  function showLegend(): void {
    const kinds = ["value", "singleton", "scoped", "transient", "alias", "later", "missing"];
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
          ? healthy
            ? "No service has a health check."
            : "The scope has closed."
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
    drawing.draw(services, data.scopes.length);
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
  byId("zoom-in").addEventListener("click", () => drawing.zoom(1.25));
  byId("zoom-out").addEventListener("click", () => drawing.zoom(0.8));
  byId("fit").addEventListener("click", drawing.fit);
  showLegend();
  showTimeline();
  void refresh();
  void showHealth();
}
