/**
 * States: the places of a graph that verifying walks through, each of them once.
 *
 * A singleton is one state, because its dependencies come from the scope that registers it. A scoped service, a transient
 * or an alias is one state for each scope that it is resolved from, because what it depends on may be something else
 * there. A program may have thousands of services, so a state is kept small, and most of it is made when it is needed.
 *
 * @module
 */

import type { Build, Definition, ScopeRecord, Single } from "../../core/model/records.ts";
import { definitionsIn, subtree } from "../../core/model/tree.ts";
import type { AnyToken } from "../../core/types/dependency.ts";
import {
  ancestorsOf,
  buildAt,
  homeFor,
  lookUp,
  type Place,
  type Provided,
  readDeclared,
  type Reader,
} from "../declared.ts";

/** A dependency that throws when it is resolved, and the token that it is about. */
export type Refused = readonly [dependency: Single, token: AnyToken | undefined];

/** A provider and the scope that its dependencies come from, with what it depends on. */
export class State implements Place {
  declare readonly provided: Provided;
  declare readonly home: ScopeRecord;
  /** The scope that resolved it. */
  declare readonly from: ScopeRecord;
  /** What led to it, unless a program may resolve it by itself from a scope that is checked. */
  declare readonly dependent: State | undefined;
  /** What has to be there before it is built. */
  declare readonly needs: State[];
  /** What it resolves later. */
  declare later: State[] | undefined;
  /** Tokens that nothing provides. */
  declare missing: Set<AnyToken> | undefined;
  /** Dependencies that throw when they are resolved, and the token that each of them is about. */
  declare refused: Refused[] | undefined;
  declare isDynamic: boolean;
  /** Used by the search for cycles. */
  declare index: number;
  declare low: number;
  declare group: number;

  constructor(provided: Provided, home: ScopeRecord, from: ScopeRecord, dependent: State | undefined) {
    this.provided = provided;
    this.home = home;
    this.from = from;
    this.dependent = dependent;
    this.needs = [];
    this.later = this.missing = this.refused = undefined;
    this.isDynamic = false;
    this.index = this.low = this.group = -1;
  }
}

/** The state as a build, with those that led to it. */
export function wayTo(state: State | undefined): Build | undefined {
  const way: State[] = [];
  for (let it = state; it; it = it.dependent) way.push(it);
  return way.reduceRight<Build | undefined>((build, it) => buildAt(it, build), undefined);
}

/**
 * The states of everything that is visible from a scope and of everything that is registered below it, and what those
 * lead to: those that are registered in the scope come first.
 */
export function statesFor(view: ScopeRecord): State[] {
  const states: State[] = [];
  /** Under a scope and a token: what the token stands for there. */
  const seen = new Map<ScopeRecord, Map<object, State | undefined>>();
  /** The same for providers that are not what their token stands for: those of `parent` and `make`. */
  const others = new Map<ScopeRecord, Map<Definition, State[]>>();

  function seenFrom(scope: ScopeRecord): Map<object, State | undefined> {
    let here = seen.get(scope);
    if (!here) seen.set(scope, (here = new Map<object, State | undefined>()));
    return here;
  }

  function ofToken(scope: ScopeRecord, token: object, dependent?: State): State | undefined {
    const here = seenFrom(scope);
    let state = here.get(token);
    if (!state && !here.has(token)) {
      const provided = lookUp(scope, token);
      state = provided && ofProvided(provided, scope, dependent, token);
      here.set(token, state);
    }
    return state;
  }

  /** @param token Given when the token stands for the provider in `from`. */
  function ofProvided(provided: Provided, from: ScopeRecord, dependent?: State, token?: object): State {
    const home = homeFor(provided, from);
    const { definition, scope } = provided;
    const isSame = (it: State | undefined): boolean =>
      it?.provided.definition === definition && it.provided.scope === scope;
    if (!token || home !== from) {
      // From where it lives, its token stands for it as well. Otherwise it is no registered provider, or it is shadowed.
      const found = lookUp(home, definition.token);
      if (found?.definition === definition && found.scope === scope) {
        const known = ofToken(home, definition.token, dependent);
        if (isSame(known)) return known!;
      }
      let here = others.get(home);
      if (!here) others.set(home, (here = new Map<Definition, State[]>()));
      let same = here.get(definition);
      if (!same) here.set(definition, (same = []));
      const known = same.find(isSame);
      if (known) return known;
      const state = new State(provided, home, from, dependent);
      same.push(state);
      states.push(state);
      return state;
    }
    const state = new State(provided, home, from, dependent);
    states.push(state);
    return state;
  }

  for (const scope of [view, ...ancestorsOf(view)])
    for (const { token } of definitionsIn(scope)) ofToken(view, token);
  for (const scope of subtree(view).slice(1))
    for (const { token } of definitionsIn(scope)) ofToken(scope, token);

  let at: State;
  const add = (state: State, isSoft: boolean): void =>
    void (isSoft ? (at.later ??= []) : at.needs).push(state);
  const reader: Reader = {
    token(token, isSoft) {
      const state = ofToken(at.home, token, at);
      if (state) add(state, isSoft);
      else (at.missing ??= new Set()).add(token);
    },
    provided: (it, isSoft) => add(ofProvided(it, at.home, at), isSoft),
    refused: (dependency, token) => void (at.refused ??= []).push([dependency, token]),
    dynamic: () => void (at.isDynamic = true),
  };
  // The array grows while it is walked.
  for (at of states) readDeclared(at, reader);
  return states;
}
