/**
 * Names and payloads of a bus, as the compiler sees them. Nothing here runs.
 */

import { type } from "arktype";
import {
  type AnyEvent,
  containerEvents,
  createEvents,
  type EventReport,
  type Events,
  type ReadonlyPayload,
} from "thimble/events";
import { createContainer, type Scope, singleton, token } from "thimble";
import { createApp } from "thimble/lifecycle";
import { checkHealth, type HealthStatus, healthResponse } from "thimble/health";
import * as v from "valibot";
import { expectTypeOf } from "vitest";
import { z } from "zod";
import { Db } from "./services.ts";

interface Shop {
  paid: { cents: number; tags: string[] };
  packed: string;
  closed: undefined;
  moved: { to?: string } | undefined;
}

const bus = createEvents<Shop>({ max: 5 });

// ---- emit

void bus.emit("paid", { cents: 5, tags: [] });
void bus.emit("closed");
void bus.emit("closed", undefined);
void bus.emit("moved");
void bus.emit("moved", { to: "here" });
expectTypeOf(bus.emit("packed", "box")).toEqualTypeOf<Promise<EventReport<"packed">>>();
// @ts-expect-error no event has this name
void bus.emit("payed", { cents: 5, tags: [] });
// @ts-expect-error it has a payload
void bus.emit("paid");
// @ts-expect-error cents are a number
void bus.emit("paid", { cents: "5", tags: [] });
// @ts-expect-error it has no payload
void bus.emit("closed", 5);
// @ts-expect-error "*" names no event
void bus.emit("*");

// ---- on and once

bus.on("paid", ({ name, payload, emit }) => {
  expectTypeOf(name).toEqualTypeOf<"paid">();
  expectTypeOf(payload).toEqualTypeOf<{ readonly cents: number; readonly tags: string[] }>();
  void emit("packed", "box");
  // @ts-expect-error no event has this name
  void emit("payed");
});
bus.on("paid", async () => {}, { signal: AbortSignal.timeout(5) })();
bus.once("packed", ({ payload }) => expectTypeOf(payload).toEqualTypeOf<string>());
// @ts-expect-error the payload is read-only
bus.on("paid", ({ payload }) => void (payload.cents = 6));
// @ts-expect-error a receiver cannot abort
bus.on("paid", ({ abort }) => abort());
// @ts-expect-error no event has this name
bus.on("payed", () => {});
// @ts-expect-error only interceptors have a priority
bus.on("paid", () => {}, { priority: 1 });

// What needs a few of the events takes a bus that has them and more.
type Payments = Events<Pick<Shop, "paid">>;
const payments: Pick<Payments, "emit" | "on" | "once"> = bus;
payments.on("paid", ({ payload }) => expectTypeOf(payload.cents).toEqualTypeOf<number>());
// @ts-expect-error what intercepts or finalizes every event has to know every event
const every: Payments = bus;
void every;

// ---- intercept and finalize

bus.intercept("paid", ({ payload, abort }) => payload.cents < 0 && abort("no refunds"), { priority: -1 });
bus.intercept("*", (event) => {
  if (event.name === "paid") expectTypeOf(event.payload.cents).toEqualTypeOf<number>();
  if (event.name === "closed") expectTypeOf(event.payload).toEqualTypeOf<undefined>();
  event.abort();
});
// @ts-expect-error no event has this name
bus.intercept("payed", () => {});
bus.finalize((event, { ok, aborted, reason, receivers, errors }) => {
  expectTypeOf(event).toEqualTypeOf<AnyEvent<Shop>>();
  expectTypeOf({ ok, aborted, receivers }).toEqualTypeOf<{
    ok: boolean;
    aborted: boolean;
    receivers: number;
  }>();
  expectTypeOf(reason).toEqualTypeOf<unknown>();
  for (const error of errors) if (error.code === "EVENT_PAYLOAD_INVALID") console.log(error.cause);
});
expectTypeOf(bus.drain({ signal: AbortSignal.timeout(5) })).toEqualTypeOf<Promise<void>>();

// ---- payloads

class Order {
  readonly #id = 1;
  items: string[] = [];
  id(): number {
    return this.#id;
  }
}
expectTypeOf<ReadonlyPayload<string[]>>().toEqualTypeOf<readonly string[]>();
expectTypeOf<ReadonlyPayload<[a: number, b: string]>>().toEqualTypeOf<readonly [a: number, b: string]>();
expectTypeOf<ReadonlyPayload<Map<string, number>>>().toEqualTypeOf<ReadonlyMap<string, number>>();
expectTypeOf<ReadonlyPayload<Set<string>>>().toEqualTypeOf<ReadonlySet<string>>();
expectTypeOf<ReadonlyPayload<Order>>().toEqualTypeOf<Order>();
expectTypeOf<ReadonlyPayload<() => number>>().toEqualTypeOf<() => number>();
expectTypeOf<ReadonlyPayload<unknown>>().toEqualTypeOf<unknown>();
expectTypeOf<ReadonlyPayload<{ a: number } | null>>().toEqualTypeOf<{ readonly a: number } | null>();
expectTypeOf<ReadonlyPayload<Date>>().toExtend<Date>();

// ---- schemas say both: what is emitted, and what handlers receive

const checked = createEvents({
  schemas: {
    zod: z.object({ cents: z.string().transform(Number) }),
    valibot: v.pipe(v.string(), v.transform(Number)),
    arktype: type({ cents: "string.numeric.parse" }),
    nothing: z.undefined(),
  },
  max: 2,
});
void checked.emit("zod", { cents: "5" });
void checked.emit("valibot", "5");
void checked.emit("arktype", { cents: "5" });
void checked.emit("nothing");
checked.on("zod", ({ payload }) => expectTypeOf(payload).toEqualTypeOf<{ readonly cents: number }>());
checked.on("valibot", ({ payload }) => expectTypeOf(payload).toEqualTypeOf<number>());
checked.on("arktype", ({ payload }) => expectTypeOf(payload.cents).toEqualTypeOf<number>());
// @ts-expect-error the schema takes a text
void checked.emit("zod", { cents: 5 });
// @ts-expect-error no event has this name
void checked.emit("yup", "5");

// ---- or the map does, and the schemas have to fit

createEvents<Shop>({ schemas: { paid: z.object({ cents: z.coerce.number(), tags: z.array(z.string()) }) } });
// @ts-expect-error handlers of "packed" receive a text
createEvents<Shop>({ schemas: { packed: z.number() } });
// @ts-expect-error no event has this name
createEvents<Shop>({ schemas: { payed: z.number() } });
// @ts-expect-error there is no such option
createEvents<Shop>({ maxx: 5 });
// @ts-expect-error a number is no schema
createEvents({ schemas: { paid: 5 } });

// ---- a bus is a service like others

const Bus = token<Events<Shop>>("bus");
const app = createContainer(
  singleton(Bus, () => createEvents<Shop>(), { stop: (it, signal) => it.drain({ signal }) }),
);
expectTypeOf(app.get(Bus)).toEqualTypeOf<Events<Shop>>();

// ---- without a map, any name and any payload

const loose = createEvents();
void loose.emit("anything", 5);
loose.on("anything", ({ payload }) => expectTypeOf(payload).toEqualTypeOf<unknown>());

// ---- the events of a container

const events = containerEvents(app);
events.on("closed", ({ payload }) => {
  expectTypeOf(payload.scope).toEqualTypeOf<Scope>();
  expectTypeOf(payload.report.ok).toEqualTypeOf<boolean>();
});
events.on("buildFailed", ({ payload }) => expectTypeOf(payload.error).toEqualTypeOf<unknown>());
events.stop();
// @ts-expect-error only the scope emits
events.emit("closed");
// @ts-expect-error there is no such event of a scope
events.on("started", () => {});
const appEvents = containerEvents(createApp(app));
appEvents.on("started", ({ payload }) => expectTypeOf(payload.scope).toEqualTypeOf<Scope>());
appEvents.on("closed", ({ payload }) => expectTypeOf(payload.report.ok).toEqualTypeOf<boolean>());
appEvents.on("unhandled", ({ payload }) => expectTypeOf(payload.error).toEqualTypeOf<unknown>());
// @ts-expect-error there is no such event
appEvents.on("ended", () => {});

// ---- health

export async function health(scope: Scope<Db>): Promise<Response> {
  const report = await checkHealth(scope, { only: [Db], timeout: 5, signal: AbortSignal.timeout(50) });
  expectTypeOf(report.checks[0]?.status).toEqualTypeOf<HealthStatus | undefined>();
  // @ts-expect-error there is no such option
  await checkHealth(scope, { timeOut: 5 });
  // @ts-expect-error a list of tokens
  await checkHealth(scope, { only: Db });
  return healthResponse(report);
}
