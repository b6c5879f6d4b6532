/**
 * The graph of what the containers of a program hold, as the inspector draws it, and a form to resolve something by hand.
 */
import { Graph, layout } from "@dagrejs/dagre";
import { visible } from "../../../src/features/inspector/page/dom.ts";
import { createDrawing } from "../../../src/features/inspector/page/drawing.ts";
import { element } from "../element.js";

/** Whether nothing provides what is of this kind. */
const isAbsent = (kind) => kind === "missing" || kind === "later";

export class ServiceGraph {
  #drawing;
  #form;
  #services = new Map();
  #scopes = [];
  /** Tokens that some scope has provided in this run. */
  #provided = new Set();
  #options = "";

  /**
   * @param {{ canvas: HTMLElement, form: HTMLFormElement, onGet: (scope: string, token: string) => void }} parts
   */
  constructor({ canvas, form, onGet }) {
    this.#form = form;
    this.#drawing = createDrawing({
      canvas,
      help: "graph-help",
      layout,
      Graph,
      empty: "No container yet.",
      smallest: 0.55,
      onChoose: (id) => this.#choose(id),
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      onGet(form.elements.scope.value, form.elements.token.value);
    });
    form.elements.token.addEventListener("change", ({ target }) => {
      const found = [...this.#services.values()].find(({ token }) => token === target.value);
      if (found) this.#choose(found.id);
    });
  }

  clear() {
    this.#services = new Map();
    this.#scopes = [];
    this.#provided.clear();
    this.#drawing.choose(undefined);
    this.#show();
  }

  /**
   * @param {{ id: string, state: string }[]} scopes
   * @param {any[]} services
   * @param {(scopeId: string, token: string) => string | undefined} stateOf  what the timeline knows of a service
   */
  update(scopes, services, stateOf) {
    const next = new Map(this.#withoutLater(services).map((it) => [it.id, it]));
    // As a container closes, what is disposed depends on nothing any more. What it depended on is why it was disposed then.
    const closing = new Set(scopes.filter(({ state }) => state === "closing").map(({ id }) => id));
    for (const it of next.values())
      if (closing.has(it.scopeId))
        it.dependencies = this.#services.get(it.id)?.dependencies ?? it.dependencies;
    // A container that has closed holds nothing any more. What it held is what somebody wants to look at.
    const isOver = next.size === 0 && scopes.every(({ state }) => state === "closed");
    if (!isOver) this.#services = next;
    this.#scopes = scopes;
    if (isOver)
      for (const service of this.#services.values())
        if (service.state === "built" || service.state === "disposing")
          service.state = stateOf(service.scopeId, service.token) ?? "disposed";
    this.#show();
  }

  fit() {
    this.#drawing.fit();
  }

  /**
   * What only scopes below provide is `later` in the container itself, where a scoped service is declared. It is drawn there
   * as long as no scope has provided it.
   */
  #withoutLater(services) {
    for (const { kind, token } of services) if (!isAbsent(kind)) this.#provided.add(token);
    const isLater = ({ kind, token }) => kind === "later" && this.#provided.has(token);
    const later = new Set(services.filter(isLater).map(({ id }) => id));
    return services
      .filter((it) => !isLater(it))
      .map((it) => ({ ...it, dependencies: it.dependencies.filter(({ id }) => !later.has(id)) }));
  }

  #choose(id) {
    this.#drawing.choose(id);
    const service = this.#services.get(id);
    if (service) this.#form.elements.token.value = service.token;
  }

  #show() {
    this.#drawing.draw(this.#services, this.#scopes.length);
    const tokens = [
      ...new Set([...this.#services.values()].filter(({ kind }) => !isAbsent(kind)).map((it) => it.token)),
    ];
    const scopes = this.#scopes.filter(({ state }) => state !== "closed").map(({ id }) => id);
    const options = JSON.stringify([tokens, scopes]);
    if (options === this.#options) return;
    this.#options = options;
    fill(this.#form.elements.token, tokens);
    fill(this.#form.elements.scope, scopes);
    this.#form.elements.go.disabled = tokens.length === 0 || scopes.length === 0;
  }
}

function fill(select, values) {
  const { value } = select;
  select.replaceChildren(...values.map((it) => element("option", { value: it }, it)));
  if (values.includes(value)) select.value = value;
}

/** Data from a program, with texts that can be read and change nothing around them: lines may break, and that is all. */
export function readable(data) {
  return JSON.parse(JSON.stringify(data), (_, it) =>
    typeof it === "string" ? it.split("\n").map(visible).join("\n") : it,
  );
}
