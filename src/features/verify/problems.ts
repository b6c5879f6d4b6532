/**
 * `verify` and `assertVerified`: what is wrong with a graph, found without building anything.
 *
 * Messages and hints are those that the container gives when it meets the same mistake at run time: each problem is such
 * an error, made for the way on which it would be met.
 *
 * @module
 */

import { nodeOfScoped, resolve } from "../../core/building/resolve.ts";
import { captive, circular, notProvided, pathOver } from "../../core/model/messages.ts";
import {
  ALIAS,
  type Build,
  type Combinator,
  Node,
  none,
  SCOPED,
  type ScopeRecord,
  SINGLETON,
  TRANSIENT,
} from "../../core/model/records.ts";
import { encloses } from "../../core/model/tree.ts";
import { find, homeOf, keyIn } from "../../core/registry/registry.ts";
import type { AnyToken } from "../../core/types/dependency.ts";
import type { Path } from "../../core/types/path.ts";
import type { Scope } from "../../core/types/scope.ts";
import { ContainerError, type ContainerErrorCode, isContainerError } from "../../core/words/errors.ts";
import { isToken, nameOf } from "../../core/words/token.ts";
import { buildAt, type Provided } from "../declared.ts";
import { checkOptions, type Expected } from "../options.ts";
import { cyclesIn } from "./cycles.ts";
import { type Refused, type State, statesFor, wayTo } from "./states.ts";

/** Options of `verify` and `assertVerified`. */
export interface VerifyOptions {
  /**
   * Tokens that scopes opened later will provide: the request, the user of a session. They are not missing, except to a
   * singleton, which never sees what a scope below provides.
   *
   * @default []
   */
  readonly assume?: readonly AnyToken[];
}

/** Something that is wrong with the graph, or that cannot be seen. Plain data, which may be logged or sent. */
export interface Problem {
  /** `error`: resolving the first service of the path throws. `note`: nothing is known about it. */
  readonly severity: "error" | "note";
  /** The code that the error has at run time; of a note `NOT_CHECKABLE`. */
  readonly code: ContainerErrorCode;
  /** From the service that has the problem, or that leads to it, to what it is about. */
  readonly path: Path;
  /** The message of the error at run time, which repeats path and hint. */
  readonly message: string;
  readonly hint: string;
}

/** The graph has errors. `errors` has them as the container would throw them, `problems` as data. */
export class VerifyFailedError extends ContainerError {
  static override readonly code = "VERIFY_FAILED";

  readonly errors: readonly ContainerError[];
  readonly problems: readonly Problem[];

  constructor(scope: string, errors: readonly ContainerError[]) {
    const { length } = errors;
    const lines = errors.map((it) => "\n  " + onOneLine(it));
    const hint = "look at problems: each has a path and a hint of its own";
    super(
      `verify "${scope}": ${length} error${length > 1 ? "s" : ""}${lines.join("")}`,
      errors[0]!.path,
      hint,
      errors[0],
    );
    this.errors = errors;
    this.problems = errors.map(problemOf);
  }
}

/** The first sentence of a message. The names in it may hold any character. */
function onOneLine({ message, code }: ContainerError): string {
  const [sentence = ""] = message.replace(/^Cannot /, "").split("\n  path: ", 1);
  return `${sentence.replace(/[\s\p{C}]+/gu, " ")} [${code}]`;
}

/**
 * Checks the graph of a scope, and builds nothing: everything that can be resolved from the scope, and what is registered
 * in the scopes below it. Gives every missing dependency, cycle, captive dependency, ambiguity and, where
 * `thimble/layers` has a policy, every layer violation; dependencies that are resolved later, by `defer` or `assisted`,
 * are checked too. What a factory resolves while it runs cannot be seen, and is a note.
 *
 * @example
 * ```ts
 * for (const { message } of verify(app, { assume: [CurrentRequest] })) console.error(message);
 * ```
 *
 * @returns The errors and then the notes, in the order of registration. Empty when nothing is wrong.
 * @throws `TypeError` when an option is unknown or of the wrong type.
 */
export function verify(scope: Scope, options: VerifyOptions = {}): Problem[] {
  const { errors, notes } = check(scope, options);
  return [...errors.map(problemOf), ...notes];
}

/**
 * Checks the graph of a scope as {@linkcode verify} does, and throws when it has errors. Notes are never thrown. In a
 * test, or when a program starts:
 *
 * @example
 * ```ts
 * assertVerified(app, { assume: [CurrentRequest] });
 * ```
 *
 * @throws `VERIFY_FAILED` with all errors.
 * @throws `TypeError` when an option is unknown or of the wrong type.
 */
export function assertVerified(scope: Scope, options: VerifyOptions = {}): void {
  const { errors } = check(scope, options);
  if (errors.length > 0) throw new VerifyFailedError(scope.name, errors);
}

function problemOf({ code, path, message, hint }: ContainerError): Problem {
  return { severity: "error", code, path, message, hint };
}

const known: Readonly<Record<string, Expected>> = {
  assume: ["a list of tokens", (it) => Array.isArray(it) && it.every(isToken)],
};

interface Found {
  readonly errors: readonly ContainerError[];
  readonly notes: readonly Problem[];
}

function check(scope: Scope, options: VerifyOptions): Found {
  checkOptions("verify", options, known);
  const assumed = new Set(options.assume);
  const states = statesFor(scope as unknown as ScopeRecord);
  const errors: ContainerError[] = [];
  const { guard } = states[0]?.home.tree ?? {};
  const hints = new Map<ScopeRecord, Map<AnyToken, string>>();

  /** An error about a token that nothing provides. Finding out what was meant is a walk, made once for each token. */
  function missing(token: AnyToken, place: Build): void {
    let known = hints.get(place.scope);
    if (!known) hints.set(place.scope, (known = new Map()));
    const error = notProvided(place.scope, token, place, undefined, known.get(token));
    known.set(token, error.hint);
    errors.push(error);
  }

  /** Has the core refuse what is known to be refused before anything is built. */
  function refused(how: () => unknown): void {
    try {
      how();
    } catch (error) {
      if (!isContainerError(error)) throw error;
      const isNew = !errors.some(({ code, message }) => code === error.code && message === error.message);
      if (isNew) errors.push(error);
    }
  }

  /** A function of its own, because one that makes a closure is slower, whether or not it makes it. */
  function checkRefused(state: State): void {
    for (const it of state.refused!)
      if (!isExcused(it, state, assumed)) refused(() => resolve(state.home, it[0], wayTo(state)));
  }

  function checkPlace(state: State): void {
    if (isOutOfPlace(state.provided, state.from))
      refused(() => nodeOfScoped(state.from, buildAt(state).node!, wayTo(state.dependent)));
  }

  function checkLayer(state: State): void {
    // Its name. What it declares is refused once, although the loop finds it again.
    refused(() => guard?.(wayTo(state)!));
    for (const target of throughAliases(state)) refused(() => guard?.(wayTo(state)!, buildAt(target).node));
  }

  for (const state of states) {
    const { lifetime, options } = state.provided.definition;
    if (options.in) checkPlace(state);
    if (state.missing)
      for (const token of state.missing) if (!assumed.has(token)) missing(token, wayTo(state)!);
    if (state.refused) checkRefused(state);
    if (lifetime < SCOPED && mayKeep(state)) checkKept(state, assumed, missing, refused, errors);
    if (guard && options.layer !== undefined) checkLayer(state);
  }

  for (const cycle of cyclesIn(states)) {
    let last = wayTo(cycle[0]!.dependent);
    for (const state of cycle) last = buildAt(state, last);
    errors.push(circular(last!, [buildAt(cycle[0]!)]));
  }
  return { errors, notes: states.filter(({ isDynamic }) => isDynamic).map(noteOf) };
}

/** Whether its option `in` names a scope above the one that registers it. */
function isOutOfPlace({ definition, scope }: Provided, from: ScopeRecord): boolean {
  const home = homeOf(from, definition);
  return home !== undefined && !encloses(scope, home);
}

/** Whether what is refused may be found in a scope that is opened later. */
function isExcused(
  [dependency, token]: Refused,
  { provided }: State,
  assumed: ReadonlySet<AnyToken>,
): boolean {
  if (!token || !assumed.has(token)) return false;
  // `parent` looks above the scope that registers the dependent, and nothing is opened there.
  return (dependency as Combinator).kind !== "parent" || isMade(provided);
}

/** Whether nobody registered it: `make` makes it for the scope that resolves it, which may be one that is opened later. */
function isMade(it: Provided): boolean {
  const { definition, scope } = it;
  return it instanceof Node && find(scope, keyIn(scope.tree, definition))?.definition !== definition;
}

/** Whether a singleton depends on anything that is not a registered singleton too, or is not there. */
function mayKeep({ needs, later, missing, refused }: State): boolean {
  return Boolean(missing ?? refused) || needs.some(isOther) || later?.some(isOther) === true;
}

function isOther({ provided }: State): boolean {
  const { lifetime, options } = provided.definition;
  return lifetime >= SCOPED || options.io === true || isMade(provided);
}

/**
 * What a singleton keeps: its dependencies, and those of the transients and aliases that are built or followed for it.
 * They come from the scope that registers the singleton, so that nothing a scope below provides is among them; nor is it
 * among those of what `make` makes for the singleton, which keeps what it depends on itself.
 */
function checkKept(
  captor: State,
  assumed: ReadonlySet<AnyToken>,
  missing: (token: AnyToken, place: Build) => void,
  refused: (how: () => unknown) => void,
  errors: ContainerError[],
): void {
  const root = wayTo(captor)!;
  const isRegistered = !isMade(captor.provided);
  // Under each state that is met, the build through which it was met. Entries that are added are walked too.
  const met = new Map<State, Build>([[captor, root]]);
  const kept = new Set<State>();
  const keptByOther = new Set<State>();
  for (const [state, place] of met) {
    if (isRegistered) {
      for (const token of state.missing ?? none) if (assumed.has(token)) missing(token, place);
      for (const it of state.refused ?? none)
        if (isExcused(it, state, assumed)) refused(() => resolve(state.home, it[0], place));
    }
    const isOthers = keptByOther.has(state);
    for (const next of [...state.needs, ...(state.later ?? none)]) {
      if (met.has(next) || kept.has(next)) continue;
      const { lifetime, token, options } = next.provided.definition;
      const isNextMade = lifetime === SINGLETON && isMade(next.provided);
      if (lifetime === SINGLETON && options.io && !root.definition.options.io && !isOthers)
        checkIo(buildAt(next).node!, place, errors);
      if (lifetime >= TRANSIENT || (isNextMade && isRegistered)) {
        met.set(next, buildAt(next, place));
        if (isNextMade || isOthers) keptByOther.add(next);
      } else if (lifetime === SCOPED && !isOthers) {
        kept.add(next);
        errors.push(captive(place.scope, token, place, root));
      }
    }
  }
}

/** A singleton with the option `io` lives as long as an event where `thimble/cloudflare` says so. */
function checkIo(node: Node, place: Build, errors: ContainerError[]): void {
  try {
    node.scope.tree.nodeOfIo?.(place.scope, node, place);
  } catch (error) {
    if (!isContainerError(error)) throw error;
    errors.push(error);
  }
}

/** The services that one depends on, through aliases too. */
function throughAliases(state: State): State[] {
  const met = new Set([...state.needs, ...(state.later ?? none)]);
  const isAlias = ({ provided }: State): boolean => provided.definition.lifetime === ALIAS;
  // The set grows while it is walked, and a circle of aliases ends the walk.
  for (const it of met)
    if (isAlias(it)) for (const next of [...it.needs, ...(it.later ?? none)]) met.add(next);
  return [...met].filter((it) => !isAlias(it));
}

/** What the factory of a service resolves while it runs is not known before it runs. */
function noteOf(state: State): Problem {
  const { kind, token } = state.provided.definition;
  const name = nameOf(token);
  const path = pathOver([buildAt(state)]);
  const hint = `declare what it depends on: ${kind}(${name}, [dependencies], factory)`;
  const { code, message } = new NotCheckable(
    `check "${name}": its factory resolves what it needs while it runs`,
    path,
    hint,
  );
  return { severity: "note", code, path, message, hint };
}

/** Never thrown: only its message is used, so that notes read like errors. */
class NotCheckable extends ContainerError {
  static override readonly code = "NOT_CHECKABLE";
}
