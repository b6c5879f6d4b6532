/**
 * The rules: what must be true of a journal, whatever the program. They are what section 3 of the contract says about
 * ownership, what section 2.3 says about `cleanup` and about transients that nobody received, and the order of disposing.
 *
 * @module
 */

import type { Program } from "./program.ts";
import { isWithin, type Build, type Call, type Journal, type Place } from "./run.ts";

/** Gives what is wrong. */
export function check(program: Program, journal: Journal): string[] {
  const { places, builds, trouble, unheard } = journal;
  const complaints = [...trouble];
  const hasDeadline = places.some(({ late }) => late < Infinity);

  for (const place of places) if (!place.report) complaints.push(`s${place.index} never closed`);
  for (const it of builds) {
    if (it.state === "building" || it.state === "made") complaints.push(`${name(it)} was never built`);
    for (const call of it.undone) if (call.ended === Infinity) complaints.push(`${call.what} never ended`);
    isUndoneOnce(it);
    cleansUpInOrder(it);
    takesItsTurn(it);
  }
  for (const place of places) if (!hasDeadline && place.report) tellsInRows(place);
  nothingIsUnheard();
  return complaints;

  /** What each has to undo is undone once, and nothing else. */
  function isUndoneOnce(it: Build): void {
    const expected = [...disposal(it), ...Array.from({ length: it.steps }, (_, at) => `step ${at + 1}`)];
    const actual = it.undone.map(({ what }) => what);
    const missing = expected.filter((what) => !actual.includes(what));
    const extra = actual.filter((what, at) => !expected.includes(what) || actual.indexOf(what) !== at);
    for (const what of missing) complaints.push(`${what} of ${name(it)} was never undone`);
    for (const what of extra)
      complaints.push(`${what} of ${name(it)} was undone, and should not be or was before`);
  }

  /** An owner disposes: by what it says, or else by the method of the object. A loan is nobody's. */
  function disposal({ plan, thing, isOwner, isReceived }: Build): string[] {
    if (!thing) return [];
    const bySymbol = thing.plan.symbol === "none" ? [] : [thing.name];
    if (plan.dispose === "false") return [];
    // Whoever says how does so even with what belongs to another.
    if (plan.dispose === "option") return ["dispose"];
    if (plan.kind === "value") return plan.isOwned ? bySymbol : [];
    if (plan.kind !== "transient") return isOwner ? bySymbol : [];
    // Whoever receives a transient owns it. What a transient hands on belongs to somebody.
    const isElsewhere = builds.some(
      (other) => other.isOwner && (other.thing === thing || other.wrapper === thing),
    );
    return isReceived || isElsewhere ? [] : bySymbol;
  }

  /** What `cleanup` was given is undone last first, each after the one before, and all of it after the disposer. */
  function cleansUpInOrder(it: Build): void {
    const { undone, place } = it;
    undone.forEach((call, at) => {
      const before = undone[at - 1];
      const isStep = call.what.startsWith("step");
      if (before && !isStep) complaints.push(`${call.what} of ${name(it)} came after ${before.what}`);
      if (
        before?.what.startsWith("step") &&
        isStep &&
        Number(before.what.slice(5)) < Number(call.what.slice(5))
      )
        complaints.push(`${before.what} of ${name(it)} came before ${call.what}`);
      if (before && before.ended > call.begun && !(deadlineOf(place) < Infinity))
        complaints.push(`${call.what} of ${name(it)} did not wait for ${before.what}`);
    });
    // At a deadline all of it begins at once.
    if (it.ended < deadlineOf(place) && deadlineOf(place) < Infinity)
      for (const { what, begun } of undone)
        if (begun > place.closed) complaints.push(`${what} of ${name(it)} was put off after the deadline`);
    const [first] = undone;
    if (it.state === "failed" || it.plan.kind === "transient" || !first) return;
    if (first.begun < place.closing) complaints.push(`${first.what} of ${name(it)} was undone too early`);
  }

  /** After everything that depends on it, and after the scopes below. */
  function takesItsTurn(it: Build): void {
    const [first] = it.undone;
    if (!first || it.state === "failed" || it.plan.kind === "transient" || first.begun > deadlineOf(it.place))
      return;
    for (const other of builds) {
      const isDependent = other.place === it.place && other.plan.kind !== "transient" && dependsOn(other, it);
      // A scope whose deadline has passed is not waited for.
      const isBelow =
        other.place !== it.place && isWithin(other.place, it.place) && first.begun < deadlineOf(other.place);
      if (!isDependent && !isBelow) continue;
      const isThere = other.begun < first.begun;
      if (isThere && other.ended > first.begun && other.plan.kind !== "value")
        complaints.push(`${name(it)} was disposed while ${name(other)} was being built`);
      const late = isThere && other.undone.find(({ ended }) => ended > first.begun);
      if (late) complaints.push(`${name(it)} was disposed before ${late.what} of ${name(other)}`);
    }
  }

  /** The report has one row for each that had something to undo, with all that went wrong in it. */
  function tellsInRows(place: Place): void {
    const rows = [...place.report!.services].filter(({ phase }) => phase === undefined);
    for (const it of builds) {
      const { undone, place: home, plan } = it;
      const end = Math.max(...undone.map(({ ended }) => ended));
      if (undone.length === 0 || end < home.closing || !isWithin(home, place) || !isTold(home, place))
        continue;
      const errors = undone.flatMap(({ error }) => (error === undefined ? [] : [error]));
      const isOf = ({ scope, token, outcome, error }: (typeof rows)[number]): boolean =>
        scope === `s${home.index}` &&
        token === `t${plan.token}` &&
        outcome === (errors.length > 0 ? "failed" : "disposed") &&
        isSame(errors, error);
      const at = rows.findIndex(isOf);
      if (at < 0) complaints.push(`the report of s${place.index} does not tell of ${name(it)}`);
      else rows.splice(at, 1);
    }
    for (const { scope, token, outcome } of rows)
      complaints.push(`the report of s${place.index} says that ${token} of ${scope} was ${outcome}`);
  }

  /** An error of undoing is in a report, or reaches the runtime. */
  function nothingIsUnheard(): void {
    const told = [
      ...unheard,
      ...places.flatMap(({ report }) => report?.services.map(({ error }) => error) ?? []),
    ];
    const all = told.flatMap((it) => (it instanceof AggregateError ? (it.errors as unknown[]) : [it]));
    const isLate = ({ begun }: Call, { place }: Build) => begun > deadlineOf(place);
    for (const it of builds)
      for (const call of it.undone)
        if (call.error !== undefined && !all.includes(call.error) && !isLate(call, it))
          complaints.push(`the error of ${call.what} of ${name(it)} is lost`);
  }

  /** Whether a scope above tells what one below has undone: each on the way was still open as the next one closed. */
  function isTold(place: Place, above: Place): boolean {
    if (place === above || !place.parent) return true;
    return place.closed > place.parent.closing && isTold(place.parent, above);
  }

  function deadlineOf(place: Place): number {
    return Math.min(...places.filter((it) => isWithin(place, it)).map(({ late }) => late));
  }
}

/** Directly, or through whatever it was given. */
function dependsOn(dependent: Build, it: Build): boolean {
  const met = new Set([dependent]);
  for (const one of met) for (const given of one.given) met.add(given);
  return dependent !== it && met.has(it);
}

function isSame(errors: readonly unknown[], error: unknown): boolean {
  if (errors.length < 2) return errors[0] === error;
  return error instanceof AggregateError && error.errors.every((it, at) => it === errors[at]);
}

function name({ plan, place }: Build): string {
  return `${plan.id} in s${place.index}`;
}
