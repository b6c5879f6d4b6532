// What only a page has to get right: the back/forward cache, going out of sight, and three places for settings.
import { describe, expect, expectTypeOf, it } from "vitest";
import { createContainer } from "thimble";
import { readEnv, shutdownOnSignal, signals } from "thimble/browser";
import { FakePage } from "./hosts.ts";

describe("a page", () => {
  it("does not stop when it is left and kept, and stops when it is left for good", async () => {
    const page = new FakePage();
    const app = createContainer();
    const stopped = shutdownOnSignal(app, { signals: signals(page) });

    page.leave({ persisted: true });
    expect(app.state).toBe("open");
    page.leave({ persisted: false });

    expect((await stopped).reason).toBe("pagehide");
  });

  it("tells each time that it has gone out of sight, and not when it comes back", () => {
    const page = new FakePage();
    let flushed = 0;
    const forget = signals(page).onHidden(() => flushed++);

    page.hide("hidden");
    page.hide("visible");
    page.hide("hidden");
    forget();
    page.hide("hidden");

    expect(flushed).toBe(2);
  });

  it("need not be one: a worker has no document", () => {
    const worker = new FakePage();
    const { document: _, ...withoutDocument } = worker;
    const host = Object.assign(Object.create(FakePage.prototype) as FakePage, withoutDocument);
    let flushed = 0;
    signals(host).onHidden(() => flushed++);

    host.handlers.call("visibilitychange", { type: "visibilitychange" });

    expect(flushed).toBe(0);
    expect({ ...readEnv(host) }).toEqual({});
  });
});

describe("a real window", () => {
  it("is a host by its type", () => {
    expectTypeOf<Window>().toExtend<NonNullable<Parameters<typeof signals>[0]>>();
    expectTypeOf<Window>().toExtend<NonNullable<Parameters<typeof readEnv>[0]>>();
  });
});

describe("the settings of a page", () => {
  it("come from __ENV__, its JSON and the script's attributes, where a later one wins", () => {
    const page = new FakePage({
      global: { A: "global", B: "global", C: "global" },
      json: '{ "B": "json", "C": "json" }',
      data: { c: "attribute" },
    });
    expect({ ...readEnv(page) }).toEqual({ A: "global", B: "json", C: "attribute" });
  });

  it("are named after an attribute as a variable would be", () => {
    const page = new FakePage({ data: { apiUrl: "/api", maxItems: "3", "shard-1": "a", debug: "" } });
    expect({ ...readEnv(page) }).toEqual({ API_URL: "/api", MAX_ITEMS: "3", SHARD_1: "a", DEBUG: "" });
  });

  it("are not those of an element that took the script's place by its name", () => {
    const page = new FakePage({ json: '{ "API_URL": "/api" }', data: { apiUrl: "https://evil.example" } });
    page.document.currentScript!.tagName = "IMG";
    expect({ ...readEnv(page) }).toEqual({ API_URL: "/api" });
  });

  it("are text, whatever JSON they were", () => {
    const page = new FakePage({
      json: '{ "PORT": 80, "DEBUG": true, "TAGS": ["a"], "FEATURES": { "beta": true }, "NONE": null }',
    });
    expect({ ...readEnv(page) }).toEqual({
      PORT: "80",
      DEBUG: "true",
      TAGS: '["a"]',
      FEATURES: '{"beta":true}',
    });
  });

  it("are refused when they are not JSON, saying where", () => {
    expect(() => readEnv(new FakePage({ json: "{ PORT: 80 }" }))).toThrow(
      /^Cannot read <script id="env">: .+/,
    );
    expect(() => readEnv(new FakePage({ json: "" }))).toThrow(SyntaxError);
  });

  it.each(["null", "[]", '"text"', "80"])("are refused when they are %s and no object", (json) => {
    expect(() => readEnv(new FakePage({ json }))).toThrow(
      `Cannot read <script id="env">: it holds ${json}, and settings are an object`,
    );
  });
});
