/** Draws the tree of scopes: each with its state, its age, and the services it has built. */
import { duration, element, setState, setText } from "./element.js";

export class ScopeTree {
  #root = element("ul");
  /** @type {Map<string, ReturnType<typeof makeRow>>} */
  #rows = new Map();

  #actions;
  #byId;

  /**
   * @param {HTMLElement} host
   * @param {object} [options]
   * @param {{ label: string, act: (id: string) => void }[]} [options.actions]  what can be done to a scope that is open
   * @param {boolean} [options.byId]  scopes without a label are called by their ids and not by their names
   */
  constructor(host, { actions = [], byId = false } = {}) {
    this.#actions = actions;
    this.#byId = byId;
    host.replaceChildren(this.#root);
  }

  /** From now on nothing can be done to a scope. */
  freeze() {
    for (const { buttons } of this.#rows.values()) for (const button of buttons) button.disabled = true;
  }

  /**
   * @param {import("./lives.js").Life[]} lives
   * @param {number} now
   */
  draw(lives, now) {
    const known = new Set(lives.map(({ id }) => id));
    for (const [id, row] of this.#rows) {
      if (known.has(id)) continue;
      row.item.remove();
      this.#rows.delete(id);
    }

    for (const life of lives) {
      let row = this.#rows.get(life.id);
      if (!row) {
        row = makeRow(life, this.#actions, this.#byId);
        this.#rows.set(life.id, row);
        // Newest on top: that is where the eye is after a click.
        (this.#rows.get(life.parentId)?.children ?? this.#root).prepend(row.item);
      }
      update(row, life, now);
    }
  }
}

/** @param {import("./lives.js").Life} life */
function makeRow({ id, name, label }, actions, byId) {
  const state = element("span", { className: "state" });
  const age = element("span", { className: "age" });
  const services = element("ul", { className: "services" });
  const children = element("ul", { className: "children" });
  const head = element(
    "div",
    { className: "head" },
    element("strong", {}, label ?? (byId ? id : name)),
    ...(byId && label === undefined ? [] : [element("code", {}, id)]),
    state,
  );
  const buttons = actions.map(({ label: verb, act }) => {
    const button = element("button", { type: "button", className: "small" }, verb);
    button.setAttribute("aria-label", `${verb}: ${id}`);
    button.addEventListener("click", () => act(id));
    return button;
  });
  if (buttons.length > 0) head.append(element("span", { className: "actions" }, ...buttons));
  const line = element("div", { className: "line" }, head, services, age);
  return {
    item: element("li", { className: "scope" }, line, children),
    state,
    age,
    services,
    children,
    buttons,
    chips: new Map(),
  };
}

function update({ item, state, age, services, buttons, chips }, life, now) {
  for (const button of buttons) button.hidden = life.state !== "open";
  setState(item, life.state);
  setText(state, life.state);
  setText(age, duration((life.closedAt ?? now) - life.openedAt));

  for (const service of life.services.values()) {
    let chip = chips.get(service.token);
    if (!chip) {
      const took = element("span");
      chip = { item: element("li", {}, element("code", {}, service.token), " ", took), took };
      chips.set(service.token, chip);
      services.append(chip.item);
    }
    setState(chip.item, service.state);
    setText(chip.took, service.took === undefined ? "…" : duration(service.took));
    chip.item.title =
      service.took === undefined ? service.state : `${service.state} in ${duration(service.took)}`;
  }
}
