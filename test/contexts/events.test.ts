/**
 * Whose context the handlers of an event run in: that of whoever has emitted it, also when the event had to wait for its
 * turn, and whoever made room for it.
 */

import { AsyncLocalStorage } from "node:async_hooks";
import { createEvents } from "thimble/events";
import { describe, expect, it } from "vitest";
import { deferred } from "../core/support/deferred.ts";
import { turn } from "../core/support/turn.ts";

const user = new AsyncLocalStorage<string>();
const users = ["ada", "ben", "eve"];

/** A bus that notes in whose context its handlers run: `receiver of ada, by ada`. */
function noting(max: number) {
  const heard: string[] = [];
  const bus = createEvents<{ order: string }>({ max });
  const note = (what: string, of: string) => heard.push(`${what} of ${of}, by ${user.getStore()}`);
  return { heard, bus, note };
}

describe("the handlers of an event", () => {
  it("run in the context of whoever has emitted it, after waiting for a turn too", async () => {
    const { heard, bus, note } = noting(1);
    bus.intercept("order", async ({ payload }) => {
      await turn();
      note("interceptor", payload);
    });
    bus.on("order", async ({ payload }) => {
      await turn();
      note("receiver", payload);
    });
    bus.finalize(({ payload }) => note("finalizer", payload));

    await Promise.all(users.map((name) => user.run(name, () => bus.emit("order", name))));

    expect(heard).toEqual(
      users.flatMap((name) =>
        ["interceptor", "receiver", "finalizer"].map((what) => `${what} of ${name}, by ${name}`),
      ),
    );
  });

  it("go on in that context, whoever settles what they wait for", async () => {
    const { heard, bus, note } = noting(Infinity);
    const gate = deferred();
    bus.on("order", () => gate.promise);
    bus.finalize(({ payload }) => note("finalizer", payload));

    const all = users.map((name) => user.run(name, () => bus.emit("order", name)));
    user.run("somebody else", () => gate.resolve());
    await Promise.all(all);

    expect(heard).toEqual(users.map((name) => `finalizer of ${name}, by ${name}`));
  });
});
