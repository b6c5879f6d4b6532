// What only a Worker has to get right: a shutdown outlives the response, and some bindings are no settings.
import { describe, expect, it } from "vitest";
import { createContainer, token, value } from "thimble";
import { readEnv, shutdownOnSignal, signals } from "thimble/workers";
import { FakeEvent } from "./hosts.ts";

const Db = token<object>("db");

describe("a Worker", () => {
  it("waits for the shutdown, from the moment it begins", async () => {
    let close = (): void => {};
    const closed = new Promise<void>((resolve) => (close = resolve));
    const scope = createContainer(value(Db, {}, { dispose: () => closed }));
    const event = new FakeEvent();
    const over = new AbortController();
    const stopped = shutdownOnSignal(scope, { signals: signals(event), signal: over.signal });
    expect(event.waitedFor).toEqual([]);

    over.abort("responded");
    expect(event.waitedFor).toHaveLength(1);
    close();

    expect(await event.waitedFor[0]).toBe((await stopped).report);
  });
});

describe("the settings of a Worker", () => {
  it("are its bindings that are text, or JSON, which becomes text", () => {
    class KvNamespace {
      get(): void {}
    }
    const bindings = {
      PORT: "8080",
      LIMIT: 5,
      DEBUG: false,
      FEATURES: { beta: true },
      TAGS: ["a"],
      KV: new KvNamespace(),
      RPC: () => {},
      NONE: null,
    };
    expect({ ...readEnv(bindings) }).toEqual({
      PORT: "8080",
      LIMIT: "5",
      DEBUG: "false",
      FEATURES: '{"beta":true}',
      TAGS: '["a"]',
    });
  });

  it("are its own, and nothing that somebody slipped into a prototype", () => {
    const bindings = Object.create({ ADMIN: "mallory" }) as object;
    expect(readEnv(bindings, ["ADMIN"])["ADMIN"]).toBe(undefined);
  });
});
