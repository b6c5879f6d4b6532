/**
 * `formatTree`, `toMermaid` and `toDot`: text, made from the data of `explain`, `explainService` and `graph`.
 *
 * The names of services and scopes may hold any character. In no text do they end a line, a quotation or an element, and
 * none of them is ever the name of anything in the language of a diagram: there, nodes are numbered.
 *
 * @module
 */

import { mermaidText } from "../mermaid.ts";
import type { ExplainedLink, ExplainedService, Explanation, ServiceExplanation } from "./explain.ts";
import type { Graph } from "./graph.ts";
import type { ServiceKind } from "./read.ts";

/** Options of `formatTree`. */
export interface TreeOptions {
  /**
   * Adds to each service what there is of it: `built`, `not-built`. Without it, the text is the same from run to run.
   *
   * @default false
   */
  readonly state?: boolean;
}

/**
 * Draws what `explain` or `explainService` gives as a tree of lines. A service that is shared is drawn once with what
 * follows it, and after that by its name alone.
 *
 * @example
 * ```ts
 * console.log(formatTree(explain(app)));
 * console.log(formatTree(explainService(app, Users), { state: true }));
 * ```
 */
export function formatTree(
  data: Explanation | ServiceExplanation,
  { state = false }: TreeOptions = {},
): string {
  return "services" in data ? treeOf(data, state) : textOf(linesOfService(data, state));
}

/** A line of a tree: how many lines lead to it from the top. */
interface Line {
  readonly depth: number;
  readonly text: string;
}

/** A tree of scopes. The depth of what is in a scope is known, so that its lines are written as they come. */
function treeOf({ scopes, services }: Explanation, state: boolean): string {
  // Most lines are the name of a dependency, so each name is looked at once.
  const known = new Map<string, { readonly name: string; readonly scopeId: string }>();
  const inScope = new Map<string, ExplainedService[]>();
  for (const { id } of scopes) inScope.set(id, []);
  for (const service of services) {
    const { id, token, scopeId } = service;
    known.set(id, { name: printable(token), scopeId });
    inScope.get(scopeId)?.push(service);
  }
  const below = new Map<string | undefined, string[]>();
  for (const { id, parent } of scopes) {
    const siblings = below.get(parent);
    if (siblings) siblings.push(id);
    else below.set(parent, [id]);
  }
  let text = "";
  /** Scopes that are next, the last one first: what stands before their name, and before what is in them. */
  const next = (below.get(undefined) ?? []).map((id) => ({ id, branch: "", stem: "", depth: 0 })).reverse();
  for (let it; (it = next.pop());) {
    const { id, branch, stem, depth } = it;
    text += (text === "" ? "" : "\n") + branch + printable(id);
    const here = inScope.get(id)!;
    const children = below.get(id) ?? none;
    const [middle, last] = [`\n${stem}├── `, `\n${stem}└── `];
    for (let at = 0; at < here.length; at++) {
      const service = here[at]!;
      const isLast = at === here.length - 1 && children.length === 0;
      text += (isLast ? last : middle) + known.get(service.id)!.name + notesOf(service, state);
      const { dependencies } = service;
      const inner = isLast ? `\n${stem}    ` : `\n${stem}│   `;
      for (let to = 0; to < dependencies.length; to++) {
        const link = dependencies[to]!;
        const { name, scopeId } = known.get(link.id)!;
        text += inner + (to === dependencies.length - 1 ? "└── " : "├── ") + name;
        if (link.soft || link.dynamic || scopeId !== id)
          text += noted(link, scopeId === id ? none : [`in ${scopeId}`]);
      }
    }
    const isDeep = depth >= deepest;
    for (let at = children.length - 1; at >= 0; at--) {
      const isLast = at === children.length - 1;
      next.push({
        id: children[at]!,
        branch: stem + (isLast ? "└── " : "├── ") + (isDeep ? `[${depth + 1}] ` : ""),
        stem: isDeep ? stem : stem + (isLast ? "    " : "│   "),
        depth: depth + 1,
      });
    }
  }
  return text;
}

const none: readonly string[] = [];

function linesOfService(service: ServiceExplanation, state: boolean): Line[] {
  const lines: Line[] = [
    {
      depth: 0,
      text: `${printable(service.token)}${notesOf(service, state)} in ${printable(service.scopeId)}`,
    },
  ];
  for (const [title, steps] of [
    ["depends on", service.allDependencies],
    ["is depended on by", service.allDependents],
  ] as const) {
    if (steps.length === 0) continue;
    lines.push({ depth: 1, text: title });
    for (const { depth, ...step } of steps) {
      const { kind, scopeId, repeated } = step;
      const more = [kind, ...(scopeId === service.scopeId ? [] : [`in ${scopeId}`])];
      lines.push({
        depth: depth + 1,
        text: printable(step.token) + noted(step, repeated ? [...more, "shown above"] : more),
      });
    }
  }
  return lines;
}

function notesOf(service: ExplainedService, state: boolean): string {
  const { kind, tags, dynamic, fallback, unregistered } = service;
  let notes = ` (${kind}`;
  if (fallback) notes += ", fallback";
  if (unregistered) notes += ", made by make()";
  if (dynamic) notes += ", resolves as it runs";
  if (tags.length > 0) notes += `, tags: ${printable(tags.join(" "))}`;
  if (state) notes += `, ${service.state}`;
  return notes + ")";
}

/** What is said of an edge, after the name that it leads to. */
function noted({ soft, dynamic }: Omit<ExplainedLink, "id" | "token">, more: readonly string[]): string {
  const notes = soft ? [...more, "deferred"] : dynamic ? [...more, "dynamic"] : more;
  return notes.length > 0 ? ` (${printable(notes.join(", "))})` : "";
}

/** So deep are lines indented at most. Otherwise a chain of ten thousand would be a text of a hundred million characters. */
const deepest = 50;

/** Draws the branches. Whether more follows at a level is known from below, so the lines are drawn from the last one up. */
function textOf(lines: readonly Line[]): string {
  const texts: string[] = [];
  /** At each level, whether a line of it follows, before one of a level above. */
  const follows: boolean[] = [];
  let stems = "";
  let stemDepth = -1;
  for (let at = lines.length - 1; at >= 0; at--) {
    const { depth, text } = lines[at]!;
    if (depth === 0) {
      follows.length = 0;
      stemDepth = -1;
      texts.push(text);
      continue;
    }
    const shown = Math.min(depth, deepest);
    const isLast = !follows[depth];
    // What is deeper belongs to the next line of this level.
    follows.length = depth + 1;
    follows[depth] = true;
    if (stemDepth !== depth) {
      stems = "";
      for (let level = 1; level < shown; level++) stems += follows[level] ? "│   " : "    ";
      stemDepth = depth;
    }
    const branch = isLast ? "└── " : "├── ";
    texts.push(stems + branch + (depth > deepest ? `[${depth}] ` : "") + text);
  }
  return texts.reverse().join("\n");
}

/**
 * A name as it is shown in a text: what ends a line, is not visible, or changes the direction or the colour of a text is
 * written as the number of its character.
 */
function printable(text: string): string {
  // Most names are plain, and this is faster.
  if (/^[ -~]*$/.test(text)) return text;
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (it) => `\\u{${it.codePointAt(0)!.toString(16)}}`);
}

// ---- Diagrams

/** How a node of each kind is drawn in Mermaid: what stands before and after its name. */
const shapes: Readonly<Record<ServiceKind, readonly [string, string]>> = {
  value: ["([", "])"],
  singleton: ["[", "]"],
  scoped: ["(", ")"],
  transient: ["[/", "/]"],
  alias: [">", "]"],
  missing: ["{{", "}}"],
  later: ["((", "))"],
};

/**
 * Writes a graph as a flowchart in the language of Mermaid, with a box for each scope. What is resolved later, and what no
 * provider declares, has a dotted line that says so.
 *
 * @example
 * ```ts
 * toMermaid(graph(app));
 * // flowchart TD
 * //   subgraph s0["root#0"]
 * //     n0["Users"]
 * //   end
 * ```
 */
export function toMermaid({ scopes, nodes, edges }: Graph): string {
  const lines = ["flowchart TD"];
  const numberOf = numbers(nodes);
  for (const { scope, members, at } of groups(scopes, nodes)) {
    lines.push(`  subgraph s${at}["${mermaidText(scope.id)}"]`);
    for (const { id, token, kind } of members) {
      const [before, after] = shapes[kind];
      lines.push(`    n${numberOf.get(id)}${before}"${mermaidText(token)}"${after}`);
    }
    lines.push("  end");
  }
  for (const { from, to, soft, dynamic } of edges) {
    const arrow = soft ? "-. deferred .->" : dynamic ? "-. dynamic .->" : "-->";
    lines.push(`  n${numberOf.get(from)} ${arrow} n${numberOf.get(to)}`);
  }
  return lines.join("\n");
}

/** How a node of each kind is drawn by Graphviz. */
const dotShapes: Readonly<Record<ServiceKind, string>> = {
  value: "shape=box, style=rounded",
  singleton: "shape=box",
  scoped: "shape=ellipse",
  transient: "shape=parallelogram",
  alias: "shape=cds",
  missing: "shape=box, style=dashed, color=red",
  later: "shape=box, style=dashed",
};

/**
 * Writes a graph in the language of Graphviz, with a cluster for each scope. What is resolved later is dashed, and what no
 * provider declares is dotted.
 *
 * @example
 * ```ts
 * await writeFile("graph.dot", toDot(graph(app))); // dot -Tsvg graph.dot
 * ```
 */
export function toDot({ scopes, nodes, edges }: Graph): string {
  const lines = ["digraph {"];
  const numberOf = numbers(nodes);
  for (const { scope, members, at } of groups(scopes, nodes)) {
    lines.push(`  subgraph cluster_${at} {`, `    label="${dotText(scope.id)}";`);
    for (const { id, token, kind } of members)
      lines.push(`    n${numberOf.get(id)} [label="${dotText(token)}", ${dotShapes[kind]}];`);
    lines.push("  }");
  }
  for (const { from, to, soft, dynamic } of edges) {
    const style = soft
      ? ' [style=dashed, label="deferred"]'
      : dynamic
        ? ' [style=dotted, label="dynamic"]'
        : "";
    lines.push(`  n${numberOf.get(from)} -> n${numberOf.get(to)}${style};`);
  }
  return [...lines, "}"].join("\n");
}

/**
 * Text in a label of Graphviz. There a backslash begins a sequence that stands for something else, and `&` an entity of
 * HTML. A character that is not visible ends the text or is refused.
 */
function dotText(text: string): string {
  return printable(text).replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("&", "&amp;");
}

function numbers(nodes: Graph["nodes"]): Map<string, number> {
  return new Map(nodes.map(({ id }, at) => [id, at]));
}

/** Scopes that have nodes, with these. */
function groups(scopes: Graph["scopes"], nodes: Graph["nodes"]) {
  const membersOf = new Map<string, Graph["nodes"][number][]>(scopes.map(({ id }) => [id, []]));
  for (const node of nodes) membersOf.get(node.scopeId)?.push(node);
  return scopes
    .map((scope, at) => ({ scope, at, members: membersOf.get(scope.id)! }))
    .filter(({ members }) => members.length > 0);
}
