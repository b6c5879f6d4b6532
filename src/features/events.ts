/**
 * `thimble/events`: a bus with typed names and payloads, whose every event ends with a report.
 *
 * An event goes through three phases. Interceptors run one by one, the lowest priority number first, and may abort it.
 * Then its receivers run, all at the same time. Then the finalizers run, on every path: also for an event that was
 * aborted or refused, or that nobody receives.
 *
 * ```ts
 * import { createContainer, singleton, token } from "thimble";
 * import { createEvents, type Events } from "thimble/events";
 *
 * interface ShopEvents {
 *   paid: { orderId: string; cents: number };
 *   closed: undefined;
 * }
 * const Bus = token<Events<ShopEvents>>("bus");
 *
 * const app = createContainer(
 *   singleton(Bus, () => createEvents<ShopEvents>(), { stop: (bus, signal) => bus.drain({ signal }) }),
 * );
 * const bus = app.get(Bus);
 * bus.on("paid", ({ payload }) => console.log(payload.orderId));
 * const report = await bus.emit("paid", { orderId: "7", cents: 1_500 }); // 7
 * console.log(report.ok); // true
 * ```
 *
 * @module
 */

export type { StandardResult, StandardSchema } from "./config/schema.ts";
export {
  createEvents,
  type EventSchemas,
  type EventsOptions,
  type InputsOf,
  type OutputsOf,
} from "./events/bus.ts";
export {
  type AppEventMap,
  type ContainerEventMap,
  type ContainerEvents,
  containerEvents,
} from "./events/container.ts";
export {
  type EventError,
  EventHandlerError,
  type EventHandlerKind,
  type EventIssue,
  EventPayloadInvalidError,
} from "./events/errors.ts";
export type {
  AnyEvent,
  BusEvent,
  DrainOptions,
  Emit,
  EventName,
  EventReport,
  Events,
  InterceptedEvent,
  InterceptOptions,
  PayloadArgument,
  ReadonlyPayload,
  SubscribeOptions,
} from "./events/event.ts";
