/**
 * Random programs of events that emit, wait, abort, fail and drain, of which some things must be so whatever they do:
 * every event ends with one report and one run of each finalizer, no more are in flight than may be, and draining ends.
 */
import fc from "fast-check";
import { createEvents, type BusEvent, type EventReport } from "thimble/events";
import { describe, expect, it } from "vitest";

/** What the handlers of one event do. */
interface Plan {
  /** How many turns the interceptor, the receiver and the finalizer wait before they go on. */
  readonly waits: readonly [number, number, number];
  readonly does: "nothing" | "abort" | "throw" | "throw in the interceptor" | "throw in the finalizer";
  readonly drains: "never" | "interceptor" | "receiver" | "finalizer";
  /** What a handler emits, how, and whether it waits for that. */
  readonly children: readonly {
    readonly plan: Plan;
    readonly by: "interceptor" | "receiver" | "finalizer";
    readonly how: "at once" | "later, with the event" | "later, with the bus, unawaited";
    readonly awaited: boolean;
  }[];
}

type Who = "interceptor" | "receiver" | "finalizer";
const handlers = ["interceptor", "receiver", "finalizer"] as const;

/** Plans of so many levels of events inside of events. */
function plans(levels: number): fc.Arbitrary<Plan> {
  const child = fc.record({
    plan: levels > 1 ? plans(levels - 1) : fc.constant(childless),
    by: fc.constantFrom(...handlers),
    how: fc.constantFrom("at once", "later, with the event", "later, with the bus, unawaited"),
    awaited: fc.boolean(),
  });
  return fc.record({
    waits: fc.tuple(fc.nat(2), fc.nat(2), fc.nat(2)),
    does: fc.constantFrom(
      "nothing",
      "nothing",
      "nothing",
      "abort",
      "throw",
      "throw in the interceptor",
      "throw in the finalizer",
    ),
    drains: fc.constantFrom("never", "never", "never", ...handlers),
    children: fc.array(child, { maxLength: 2 }),
  }) as fc.Arbitrary<Plan>;
}

const childless: Plan = { waits: [0, 0, 0], does: "nothing", drains: "never", children: [] };

/** One event of a program. */
interface Played {
  readonly plan: Plan;
  /** The event from inside of whose handlers it is emitted, as far as the bus can know. */
  readonly inside: Played | undefined;
  /** Whether it takes one of the places that `max` allows. */
  hasPlace: boolean;
  isOver: boolean;
}

async function play(program: readonly Plan[], max: number) {
  const bus = createEvents<{ it: { played: Played } }>({ max });
  type Event = BusEvent<{ it: { played: Played } }, "it">;
  const all: { readonly played: Played; readonly report: Promise<EventReport> }[] = [];
  const finalized: Played[] = [];
  let taken = 0;
  let most = 0;

  const emit = (plan: Plan, by: Event["emit"], inside: Played | undefined) => {
    const played = { plan, inside, hasPlace: false, isOver: false };
    const report = by("it", { played });
    all.push({ played, report });
    return report;
  };
  const leave = (it: Played): void => {
    if (it.hasPlace) taken--;
    it.hasPlace = false;
  };

  const act = async (who: Who, { payload: { played }, emit: emitInside }: Event) => {
    const { plan } = played;
    const waits: unknown[] = [];
    for (const child of plan.children) {
      if (child.by !== who || child.how !== "at once") continue;
      const report = emit(child.plan, bus.emit, played);
      if (child.awaited) waits.push(report);
    }
    if (plan.drains === who) {
      for (let it: Played | undefined = played; it && !it.isOver; it = it.inside) leave(it);
      waits.push(bus.drain());
    }
    for (let turns = plan.waits[handlers.indexOf(who)]!; turns >= 0; turns--) await undefined;
    for (const child of plan.children) {
      if (child.by !== who) continue;
      if (child.how === "later, with the event") {
        const report = emit(child.plan, emitInside, played);
        if (child.awaited) waits.push(report);
      } else if (child.how === "later, with the bus, unawaited") {
        void emit(child.plan, bus.emit, undefined);
      }
    }
    await Promise.all(waits);
  };

  bus.intercept("it", async (event) => {
    const { played } = event.payload;
    played.hasPlace = !played.inside;
    if (played.hasPlace) most = Math.max(most, ++taken);
    await act("interceptor", event);
    if (played.plan.does === "abort") event.abort("no");
    if (played.plan.does === "throw in the interceptor") throw new Error("interceptor");
  });
  bus.on("it", async (event) => {
    await act("receiver", event);
    if (event.payload.played.plan.does === "throw") throw new Error("receiver");
  });
  bus.on("it", () => {});
  bus.finalize(async (event) => {
    await act("finalizer", event);
    finalized.push(event.payload.played);
    if (event.payload.played.plan.does === "throw in the finalizer") throw new Error("finalizer");
  });
  bus.finalize(({ payload: { played } }) => {
    leave(played);
    played.isOver = true;
  });

  for (const plan of program) void emit(plan, bus.emit, undefined);
  await bus.drain();
  const areOver = all.every(({ played }) => played.isOver);
  const reports = await Promise.all(all.map(({ report }) => report));
  return { reports, areOver, finalized, most, taken };
}

describe("random events", () => {
  it("end once, keep to their bound, and can be drained", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(plans(4), { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 1, max: 3 }),
        async (program, max) => {
          const { reports, areOver, finalized, most, taken } = await play(program, max);

          expect(areOver).toBe(true);
          expect(finalized).toHaveLength(reports.length);
          expect(new Set(finalized).size).toBe(reports.length);
          expect(most).toBeLessThanOrEqual(max);
          expect(taken).toBe(0);
          for (const { ok, aborted, errors, receivers } of reports) {
            expect(ok).toBe(!aborted && errors.length === 0);
            expect(receivers).toBe(aborted ? 0 : 2);
          }
        },
      ),
      { numRuns: 300, seed: 20261129 },
    );
  });
});
