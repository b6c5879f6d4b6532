// The public surface, written down. A name that comes or goes shows up here, in a review, and nowhere by accident.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { entries, manifest, readJson, resolveTarget, root } from "../support/package.ts";

const core = [
  "token",
  "value",
  "singleton",
  "scoped",
  "transient",
  "alias",
  "createContainer",
  "optional",
  "all",
  "one",
  "defer",
  "ref",
  "parent",
  "map",
  "make",
  "assisted",
  "arg",
  "fallback",
  "currentScope",
  "abortSignal",
  "stopSignal",
  "cleanup",
  "consumer",
  "decorate",
  "ContainerError",
  "isContainerError",
  "pathOf",
  "NotProvidedError",
  "DuplicateError",
  "InvalidProviderError",
  "CircularDependencyError",
  "CaptiveDependencyError",
  "AmbiguousError",
  "DepthExceededError",
  "AsyncProviderError",
  "ScopeClosedError",
  "ScopeNotFoundError",
  "ShutdownError",
];

const config = [
  "Env",
  "EnvPrefix",
  "setting",
  "settings",
  "describeSettings",
  "string",
  "number",
  "integer",
  "boolean",
  "url",
  "duration",
  "json",
  "list",
  "oneOf",
  "secret",
  "formatSettings",
  "watchSetting",
  "ConfigInvalidError",
];

const door = ["signals", "readEnv", "shutdownOnSignal"];
const withServers = [...door, "drain"];

const names: Record<string, readonly string[]> = {
  thimble: core,
  "thimble/small": core,
  "thimble/fast": core,
  "thimble/cloudflare": [
    "BodyAbandonedError",
    "CurrentEvent",
    "CurrentRequest",
    "ExecutionContext",
    "InvalidResponseError",
    "binding",
    "bindings",
    "createWorker",
    "durableObject",
    "fail",
    "scopeOf",
    "scopePerCall",
    "webSocketPair",
  ],
  "thimble/config": config,
  "thimble/events": ["createEvents", "containerEvents", "EventHandlerError", "EventPayloadInvalidError"],
  "thimble/health": ["checkHealth", "healthResponse", "HealthTimeoutError"],
  "thimble/layers": ["layers", "toMermaid", "LayerViolationError"],
  "thimble/fetch": [
    "scopePerRequest",
    "within",
    "CurrentRequest",
    "scopeOf",
    "fail",
    "InvalidResponseError",
    "BodyAbandonedError",
  ],
  "thimble/hono": ["scopePerRequest", "CurrentRequest", "scopeOf", "fail", "BodyAbandonedError"],
  "thimble/lifecycle": ["createApp", "warm", "background", "StartFailedError"],
  "thimble/observe": ["observe"],
  "thimble/reload": ["hot", "provided", "release", "ReleasedError", "reload", "restartable", "withdraw"],
  "thimble/http": ["CurrentIncoming", "fail", "scopeErrors", "scopeOf", "scopePerRequest", "scopePlugin"],
  "thimble/testing": ["testContainer", "clone", "fake", "graphOf", "overridden", "NotFakedError"],
  "thimble/react": ["ScopeProvider", "useScope", "useService"],
  "thimble/graph": [
    "ancestors",
    "explain",
    "explainService",
    "findScope",
    "formatTree",
    "graph",
    "listBuilt",
    "listPending",
    "listProvided",
    "timeBuilds",
    "toDot",
    "toMermaid",
  ],
  "thimble/inspector": ["inspector"],
  "thimble/verify": ["verify", "assertVerified", "findUndisposed", "VerifyFailedError"],
  "thimble/runtime": door,
  "thimble/node": withServers,
  "thimble/deno": withServers,
  "thimble/bun": withServers,
  "thimble/browser": door,
  "thimble/workers": door,
  "thimble/generic": door,
};

const sorted = (list: Iterable<string>): string[] => [...list].toSorted();

describe("the entry points", () => {
  it("are the ones that package.json lists", () => {
    expect(sorted(entries.keys())).toEqual(sorted(Object.keys(names)));
  });

  it.each([...entries.values()])(
    "export from $name exactly the names written down here",
    async ({ name, js }) => {
      const module = (await import(js)) as object;
      expect(sorted(Object.keys(module))).toEqual(sorted(names[name]!));
    },
  );

  it.each([...entries.values()])("have declarations for $name", ({ types }) => {
    expect(existsSync(types)).toBe(true);
  });

  it("are the same in jsr.json, except for what JSR does not know: export conditions", () => {
    const jsr = readJson("jsr.json") as { version: string; exports: Record<string, string> };
    const expected = [...entries.values()]
      .filter(({ name }) => name !== "thimble/runtime")
      .map(({ name, js }) => [
        name.replace(/^thimble/, "."),
        `.${js
          .slice(root.length - 1)
          .replace("/dist/", "/src/")
          .replace(/\.js$/, ".ts")}`,
      ]);
    expect(jsr.exports).toEqual(Object.fromEntries(expected));
    expect(jsr.version).toBe(manifest.version);
  });

  it("have the small build as thimble in jsr.json, where nobody says what runs it", () => {
    const { exports } = readJson("jsr.json") as { exports: Record<string, string> };
    expect(exports["."]).toBe(exports["./small"]);
  });

  it("are the same in tsconfig.json, by which sources, tests and playground resolve them", () => {
    const [, paths = ""] =
      /"paths": (\{[^}]*\})/.exec(readFileSync(join(root, "tsconfig.json"), "utf8")) ?? [];
    const expected = [...entries.values()].map(({ name, js }) => [
      name,
      [
        `.${js
          .slice(root.length - 1)
          .replace("/dist/", "/src/")
          .replace(/\.js$/, ".ts")}`,
      ],
    ]);
    expect(JSON.parse(paths)).toEqual(Object.fromEntries(expected));
  });

  // test/runtimes has the tools themselves do it.
  it.each([
    { where: "Node", conditions: ["node", "import", "module-sync", "node-addons"], build: "fast" },
    { where: "Deno", conditions: ["deno", "node", "import"], build: "fast" },
    { where: "Bun", conditions: ["bun", "node", "import"], build: "fast" },
    { where: "a page", conditions: ["browser", "module", "import"], build: "small" },
    { where: "a Worker", conditions: ["workerd", "worker", "browser", "import"], build: "small" },
    {
      where: "a Worker that is built as for Node",
      conditions: ["workerd", "node", "import"],
      build: "small",
    },
    { where: "an edge runtime", conditions: ["edge-light", "node", "import"], build: "small" },
    { where: "a service worker", conditions: ["worker", "node", "import"], build: "small" },
    { where: "a page of Electron", conditions: ["node", "browser", "electron", "import"], build: "small" },
    { where: "a native app", conditions: ["react-native", "node", "import"], build: "small" },
    { where: "wherever nobody says where it is", conditions: ["import"], build: "small" },
  ])(
    "make thimble the $build build in $where, whatever the order of $conditions",
    ({ conditions, build }) => {
      for (const order of [conditions, conditions.toReversed()])
        expect(resolveTarget(manifest.exports["."]!, order)).toBe(entries.get(`thimble/${build}`)!.js);
    },
  );

  it("have the same declarations, whichever of the two builds they lead to", () => {
    const { types } = entries.get("thimble")!;
    expect(["thimble/small", "thimble/fast"].map((name) => entries.get(name)!.types)).toEqual([types, types]);
    for (const condition of Object.keys(manifest.exports["."] as object))
      expect(resolveTarget(manifest.exports["."]!, ["types", condition])).toBe(types);
  });

  // Nitro has the condition "deno", and "browser", in all that it makes for Workers.
  it("choose the runtime in the order in which the narrower condition comes first", () => {
    const conditions = Object.keys(manifest.exports["./runtime"] as object);
    expect(conditions).toEqual(["workerd", "deno", "bun", "browser", "node", "default"]);
  });
});

describe("the script-tag build", () => {
  it("sets one global, which has the core's names, observe and the page's door", () => {
    const page = {} as { thimble: object };
    runInNewContext(readFileSync(join(root, manifest.unpkg), "utf8"), page);
    expect(Object.keys(page)).toEqual(["thimble"]);
    expect(Object.keys(page.thimble)).toEqual(expect.arrayContaining([...core, "observe", ...door]));
  });
});
