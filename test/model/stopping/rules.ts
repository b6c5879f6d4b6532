/**
 * The rules: what section 3 of the contract says about the first phase of a shutdown, as facts about a journal. Some are
 * looked at whenever everything rests, the others in the end.
 *
 * @module
 */

import { isWithin, type Build, type Journal, type Place } from "./run.ts";

/** What is there and has not stopped yet. */
export function isLeft({ plan, ended, stops, place }: Build): boolean {
  return (
    plan.stop !== undefined &&
    ended < Infinity &&
    place.closed === Infinity &&
    !stops.some((it) => it.ended < Infinity)
  );
}

/** What has to be stopped: it is there, and has a `stop` that was not called. */
export function isDue({ plan, ended, stops, place }: Build): boolean {
  return plan.stop !== undefined && ended < Infinity && stops.length === 0 && place.closed === Infinity;
}

/** While everything rests, whatever is not over waits for something. */
export function checkRest({ places, builds, trouble }: Journal): void {
  for (const top of places) {
    const isTop = top.asked < Infinity && top.closing === Infinity;
    if (!isTop || !top.reasons.length || !(top.parent === undefined || top.parent.asked === Infinity))
      continue;
    if (top.scope.state !== "stopping")
      trouble.push(`s${top.index} is ${top.scope.state}, and was shut down`);
    const mine = builds.filter((it) => isWithin(it.place, top));
    // What is being built may depend on anything.
    if (builds.some((it) => it.ended === Infinity)) continue;
    const users = mine.filter((it) => it.plan.stop && !it.stops.some(({ ended }) => ended < Infinity));
    const isLate = (it: Build) => it.place.late < Infinity;
    const left = users.filter((it) => !isLate(it));
    // A scope above may go on waiting for what one below has given up at its deadline.
    if (users.length === 0) trouble.push(`s${top.index} is stopping, and everything has stopped`);
    // What was built meanwhile has its turn when something else has stopped.
    // A phase of a scope below is no business of this one.
    const own = mine.filter(({ place }) => place === top || !isShutDownBelow(place));
    const turn = Math.max(
      top.asked,
      ...own.flatMap(({ stops }) => stops.map(({ ended }) => ended).filter(isFinite)),
    );
    for (const it of left.filter((one) => isDue(one) && one.ended < turn))
      if (!users.some((other) => dependsOn(other, it)))
        trouble.push(`${name(it)} is not stopped, and nothing is in its way`);
  }
}

/** Gives what is wrong in the end. */
export function check(journal: Journal): string[] {
  const { places, builds, trouble } = journal;
  const complaints = [...trouble];
  for (const place of places) if (!place.report) complaints.push(`s${place.index} never closed`);
  for (const it of builds) {
    isStoppedOnce(it);
    stopsAfterItsDependents(it);
    stopsBeforeItsScopeCloses(it);
  }
  const top = places[0]!;
  for (const place of places) if (place.report) tellsOfStops(place);
  return complaints;

  /** What was built is stopped and then disposed, once; and nothing else is. */
  function isStoppedOnce(it: Build): void {
    const isThere = it.ended < Infinity;
    const { stops, disposals, plan } = it;
    const expect = (what: string, count: number, wanted: boolean): void => {
      if (count !== (wanted ? 1 : 0)) complaints.push(`${name(it)} was ${what} ${count} times`);
    };
    expect("stopped", stops.length, isThere && plan.stop !== undefined);
    expect("disposed", disposals.length, isThere && plan.dispose !== undefined);
    const [stop] = stops;
    const [disposal] = disposals;
    if (!stop) return;
    const wasThere = it.place.opened < it.place.asked;
    if (wasThere && !(it.place.stopping < stop.begun))
      complaints.push(`${name(it)} was stopped before the stopSignal of its scope had aborted`);
    if (stop.begun < it.place.asked) complaints.push(`${name(it)} was stopped, and nobody asked`);
    if (!it.place.reasons.includes(stop.reason) && !isInherited(it.place, stop.reason))
      complaints.push(`${name(it)} was stopped with the reason ${String(stop.reason)}`);
    if (stop.wasAborted !== stop.begun > it.place.late)
      complaints.push(
        `${name(it)} was stopped with a signal that has${stop.wasAborted ? "" : " not"} aborted`,
      );
    if (disposal && disposal.begun < stop.begun) complaints.push(`${name(it)} was disposed and then stopped`);
    if (disposal && disposal.begun < stop.ended && disposal.begun < it.place.late)
      complaints.push(`${name(it)} was disposed before it had stopped`);
  }

  /** A scope that was opened meanwhile. */
  function isInherited({ parent }: Place, reason: unknown): boolean {
    return parent !== undefined && (parent.reasons.includes(reason) || isInherited(parent, reason));
  }

  /** Dependents first, through whatever and across scopes; at a deadline they have only to begin before. */
  function stopsAfterItsDependents(it: Build): void {
    const [stop] = it.stops;
    if (!stop) return;
    for (const other of builds) {
      if (!other.plan.stop || !dependsOn(other, it) || other.begun > stop.begun) continue;
      const [before] = other.stops;
      const isLate = stop.begun > Math.min(it.place.late, other.place.late);
      if (other.ended > stop.begun) {
        if (!isLate) complaints.push(`${name(it)} was stopped while ${name(other)} was being built`);
      } else if (!before || before.begun > stop.begun || (!isLate && before.ended > stop.begun))
        complaints.push(`${name(it)} was stopped before ${name(other)}, which depends on it`);
    }
  }

  /** Nothing closes, here or below, before everything here and below has stopped. */
  function stopsBeforeItsScopeCloses(it: Build): void {
    for (const { begun, ended } of it.stops)
      for (let place: Place | undefined = it.place; place; place = place.parent) {
        if (place.closing > ended || it.place.late < Infinity) continue;
        if (begun < place.closing)
          complaints.push(`s${place.index} was closing before ${name(it)} had stopped`);
      }
    const [stop] = it.stops;
    if (stop && stop.begun > it.place.closing && !(it.place.late < Infinity))
      complaints.push(`${name(it)} was stopped when its scope was closing`);
    for (const { begun } of it.disposals)
      if (begun < it.place.closing) complaints.push(`${name(it)} was disposed before its scope was closing`);
  }

  /** A `stop` that has failed is a row, and so is one that was not over at the deadline; and nothing else is. */
  function tellsOfStops(place: Place): void {
    const rows = place.report!.services.filter(({ phase }) => phase === "stop");
    for (const it of builds) {
      const [stop] = it.stops;
      if (!stop || !isWithin(it.place, place)) continue;
      const isOf = ({ scope, token, outcome, error }: (typeof rows)[number]): boolean =>
        scope === `s${it.place.index}` &&
        token === `t${it.plan.token}` &&
        (outcome === "abandoned" ? it.place.late < stop.ended : error === stop.error && error !== undefined);
      const at = rows.findIndex(isOf);
      if (at >= 0) rows.splice(at, 1);
      // A scope below that was not shut down itself has no such phase, and its report may lack the row. The report that
      // somebody waits for has it: that of the scope above. Keeping rows for every scope in between would be rarely read.
      const isOwed = at < 0 && place === top && stop.begun > place.asked;
      if (isOwed && it.place.late === Infinity && stop.error !== undefined)
        complaints.push(`the report of s${place.index} does not say that ${name(it)} could not be stopped`);
      if (isOwed && stop.begun < place.closed && stop.ended === Infinity)
        complaints.push(`the report of s${place.index} does not say that ${name(it)} was abandoned`);
    }
    for (const { scope, token, outcome } of rows)
      complaints.push(
        `the report of s${place.index} says that ${token} of ${scope} was ${outcome} when it stopped`,
      );
    if (place.report!.ok !== place.report!.services.every(({ outcome }) => outcome === "disposed"))
      complaints.push(`the report of s${place.index} says ok: ${String(place.report!.ok)}`);
  }
}

/** Whether the scope, or one between it and the root, was shut down itself. */
function isShutDownBelow({ parent, isShutDown }: Place): boolean {
  return parent !== undefined && (isShutDown || isShutDownBelow(parent));
}

/** Directly, or through whatever it was given. */
export function dependsOn(dependent: Build, it: Build): boolean {
  const met = new Set(dependent.given);
  for (const one of met) for (const given of one.given) met.add(given);
  return met.has(it);
}

function name({ plan, place }: Build): string {
  return `${plan.id} in s${place.index}`;
}
