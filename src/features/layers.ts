/**
 * `thimble/layers`: a policy about which layer of a program may depend on which.
 *
 * ```ts
 * import { createContainer, singleton } from "thimble";
 * import { layers } from "thimble/layers";
 *
 * class Repository {}
 * class Service {
 *   constructor(repository: Repository) {}
 * }
 *
 * const app = createContainer(
 *   layers({ handler: ["service"], service: ["repository"], repository: [] }),
 *   singleton(Repository, { layer: "repository" }),
 *   singleton(Service, [Repository], { layer: "service" }),
 * );
 *
 * app.get(Service);
 * ```
 *
 * @module
 */

import { isCombinator, isPlain } from "../core/model/dependency.ts";
import { chainTo, dependentOf } from "../core/model/edges.ts";
import { invalid, pathOver } from "../core/model/messages.ts";
import {
  ALIAS,
  type Build,
  Definition,
  type Dependent,
  type Node,
  none,
  type ScopeRecord,
  type Single,
  VALUE,
} from "../core/model/records.ts";
import { find, isProvided } from "../core/registry/registry.ts";
import type { Token } from "../core/types/dependency.ts";
import type { Provider } from "../core/types/provider.ts";
import { ContainerError } from "../core/words/errors.ts";
import { isToken, nameOf, token } from "../core/words/token.ts";
import { mermaidText } from "./mermaid.ts";

/** What each layer may depend on. A layer may depend on itself only if it is listed there. */
export type LayerPolicy<Name extends string = string> = Readonly<Record<Name, readonly NoInfer<Name>[]>>;

/** A service depends on a service of a layer that the policy does not allow it to depend on. */
export class LayerViolationError extends ContainerError {
  static override readonly code = "LAYER_VIOLATION";
}

/** The policy of a scope is a value that the scope provides. */
const Policy: Token<LayerPolicy> = /* @__PURE__ */ token("layers");

/**
 * Makes a provider to put in the list of the scope that the policy rules, with everything below it. Providers say with
 * `layer: "service"` where they belong; those that say nothing are free. When a service is built, its declared
 * dependencies are checked, deferred ones included, and each dependency that it resolves as it runs; through aliases and
 * combinators too.
 *
 * @example
 * ```ts
 * createContainer(layers({ handler: ["service"], service: ["service", "repository"], repository: [] }), ...providers);
 * ```
 *
 * @throws `INVALID_PROVIDER` when the policy is no record of lists, or a list names a layer that is no key.
 */
export function layers<const Name extends string>(
  policy: LayerPolicy<Name>,
): Provider<Token<LayerPolicy>, never, "value"> {
  const hint = 'write layers({ service: ["repository"], repository: [] })';
  if (!isPlain(policy)) throw invalid("the policy of layers()", policy, undefined, hint);
  const copy = new Map<string, readonly string[]>();
  for (const [name, allowed] of Object.entries(policy) as [string, unknown][]) {
    if (!Array.isArray(allowed)) throw invalid(`the layer "${name}"`, allowed, undefined, hint);
    for (const other of allowed as unknown[]) {
      if (typeof other !== "string" || !Object.hasOwn(policy, other)) {
        const unknown =
          typeof other === "string"
            ? `"${other}", which the layer "${name}" may depend on,`
            : `what the layer "${name}" may depend on`;
        throw invalid(unknown, other, undefined, "every layer needs a list of its own, which may be empty");
      }
    }
    copy.set(name, [...(allowed as string[])]);
  }
  return new Definition(VALUE, Policy, none, copy, { guard } as never) as never;
}

/**
 * The policy as a diagram in the language of Mermaid: an arrow for each layer that another one may depend on.
 *
 * @example
 * ```ts
 * toMermaid({ handler: ["service"], service: [] });
 * // flowchart TD
 * //   l0["handler"] --> l1["service"]
 * ```
 */
export function toMermaid(policy: LayerPolicy): string {
  const names = Object.keys(policy);
  const box = (name: string): string => `l${names.indexOf(name)}["${mermaidText(name)}"]`;
  const lines = names.flatMap((name) => {
    const arrows = policy[name]!.map((other) => `  ${box(name)} --> ${box(other)}`);
    return arrows.length > 0 ? arrows : [`  ${box(name)}`];
  });
  return ["flowchart TD", ...lines].join("\n");
}

// ---- The check

/** What the core calls when a build begins, and when a build resolves the provider `node`. */
function guard(dependent: Build, node?: Node): void {
  if (node) {
    const service = serviceIn(dependent);
    if (service) check(service, node.definition);
  } else if (dependent.definition.options.layer !== undefined) {
    // A layer that nothing depends on, and that depends on nothing, may be misspelt too.
    checkName(policyOf(dependent.scope), dependent.definition);
    for (const it of dependent.definition.dependencies) checkDeclared(dependent, it);
  }
}

/** The nearest, going up, that is a service: aliases, tuples and callers only pass on what they resolve. */
function serviceIn(from: Dependent): Dependent | undefined {
  let it: Dependent | undefined = from;
  while (it && it.definition.lifetime === ALIAS) it = dependentOf(it);
  return it;
}

/** Checks what a dependency would resolve, also if it is resolved later. */
function checkDeclared(dependent: Build, dependency: Single): void {
  // The set ends the walk along aliases that go in a circle.
  const seen = new Set<Single>([dependency]);
  const follow = (definition: Definition | undefined): void => {
    if (definition?.lifetime === ALIAS) definition.dependencies.forEach((target) => seen.add(target));
    else if (definition) check(dependent, definition);
  };
  for (const it of seen) {
    if (isToken(it)) follow(find(dependent.scope, it)?.definition);
    else if (isCombinator(it)) {
      // What a token stands for may not be among them: it lacks the tag, or it is the dependent itself.
      if (it.targets) it.targets(dependent.scope, dependent).forEach(({ definition }) => follow(definition));
      else if (it.kind !== "optional" || isProvided(dependent.scope, it.of ?? none, dependent)) {
        if (it.token) seen.add(it.token());
        if (it.of) seen.add(it.of);
      }
    } else if (Object(it) === it) Object.values(it).forEach((part: Single) => seen.add(part));
  }
}

function check(dependent: Dependent, dependency: Definition): void {
  const { scope, definition } = dependent;
  const [from, to] = [definition.options.layer, dependency.options.layer];
  if (from === undefined || to === undefined) return;
  const policy = policyOf(scope);
  if (!policy) return;
  checkName(policy, definition);
  checkName(policy, dependency);
  const allowed = policy.get(from)!;
  if (allowed.includes(to)) return;
  const way = [...chainTo(dependent), { scope, definition: dependency }];
  const names = allowed.map((it) => `"${it}"`).join(", ") || "no other layer";
  throw new LayerViolationError(
    `resolve "${nameOf(definition.token)}": the layer "${from}" may not depend on "${to}"`,
    pathOver(way),
    `"${from}" may depend on ${names}: change the policy, or go through a layer in between`,
  );
}

/** A layer that the policy does not know is refused, before it is said to violate anything. */
function checkName(policy: KnownLayers | undefined, { options: { layer }, token }: Definition): void {
  if (!policy || policy.has(layer!)) return;
  const known = [...policy.keys()].map((it) => `"${it}"`).join(", ");
  throw invalid(`its layer "${layer}"`, layer, token, `the layers are ${known}`);
}

type KnownLayers = ReadonlyMap<string, readonly string[]>;

/** The nearest policy, going up from the scope of the dependent. */
function policyOf(scope: ScopeRecord): KnownLayers | undefined {
  return find(scope, Policy)?.value as KnownLayers | undefined;
}
