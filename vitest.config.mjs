// One suite, many runtimes; always the built package in dist/ (`npm run build` first).
//
//   npx vitest run test/core                    in Node
//   npx vitest run --project node-small         in Node on the small build, which `thimble` is not there
//   npx vitest run --project browser test/core  in another project: dom, browser, workerd; tools for what looks from outside
//   npm test -- deno bun                        what needs another program to run Vitest itself
//
// A project runs only when it is asked for by name. `npm test` asks for all, in turn.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const json = (path) => JSON.parse(readFileSync(at(path), "utf8"));
const { exports } = json("package.json");

const portable = ["test/{core,situations,model,features,capabilities,adapters,integrations}/**/*.test.ts"];
// Where the runtime has asynchronous contexts.
const contexts = ["test/contexts/**/*.test.ts"];
// Both builds at once, where `thimble` is the fast one.
const differential = ["test/differential/**/*.test.ts"];
const tools = ["test/{bundle,types,readme,playground,runtimes,architecture}/**/*.test.ts"];

const asked = process.argv.flatMap((arg, i, all) =>
  all[i - 1] === "--project" ? [arg] : (/^--project=(.*)/.exec(arg)?.[1] ?? []),
);
const wants = (name) => (asked.length === 0 ? name === "node" : asked.includes(name));

/** What `thimble` and `thimble/…` mean where these export conditions hold; the first key that matches wins, as everywhere. */
function packageAlias(conditions) {
  const pick = (node) => {
    if (typeof node === "string") return at(node);
    return pick(node[Object.keys(node).find((key) => key === "default" || conditions.includes(key))]);
  };
  return Object.keys(exports)
    .filter((subpath) => subpath !== "./package.json")
    .map((subpath) => ({
      find: new RegExp(`^thimble${subpath.slice(1)}$`),
      replacement: pick(exports[subpath]),
    }));
}

/** Where `thimble` is the fast build. Everywhere else it is the small one. */
const servers = ["node", "deno", "bun", "tools"];

/** `runtime` and `build` are what test/core/runtime.test.ts expects to find itself in and on. */
const suite = (name, conditions, test = {}, plugins = []) => ({
  resolve: { alias: packageAlias(conditions) },
  plugins,
  test: {
    name,
    include: portable,
    provide: { runtime: name, build: servers.includes(name) ? "fast" : "small" },
    ...test,
  },
});

const inNode = {
  include: [...portable, ...contexts, ...differential],
  setupFiles: ["test/support/report-error.mjs"],
};

/** The heavy ones are functions, so that their dependencies are loaded when they are asked for and not before. */
const projects = {
  node: () => suite("node", ["node"], inNode),
  // What the conditions lead to, but for `thimble` itself: the small build is the specification of the fast one.
  "node-small": () => {
    const project = suite("node-small", ["node"], {
      ...inNode,
      include: [...portable, ...contexts],
      provide: { runtime: "node", build: "small" },
    });
    const small = { find: /^thimble$/, replacement: at(exports["./small"].default) };
    return { ...project, resolve: { alias: [small, ...project.resolve.alias] } };
  },
  deno: () => suite("deno", ["deno"], { include: [...portable, ...contexts, ...differential] }),
  bun: () => suite("bun", ["bun"], { include: [...portable, ...contexts, ...differential] }),
  dom: () => suite("dom", ["browser"], { environment: "happy-dom" }),
  tools: () =>
    suite("tools", ["node"], {
      include: tools,
      testTimeout: 60_000,
      hookTimeout: 120_000,
      fileParallelism: false,
    }),
  workerd: async () => {
    const { cloudflareTest } = await import("@cloudflare/vitest-plugin");
    const compatibilityFlags = ["nodejs_als"];
    const miniflare = { compatibilityDate: "2026-10-01", compatibilityFlags, cf: false };
    const include = [...portable, ...contexts];
    return suite("workerd", ["workerd"], { include, isolate: false }, [cloudflareTest({ miniflare })]);
  },
  browser: async () => {
    const { playwright } = await import("@vitest/browser-playwright");
    const { launchOptions } = await import("./test/support/chromium.mjs");
    const provider = playwright({ launchOptions: await launchOptions() });
    const browser = {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      provider,
      instances: [{ browser: "chromium" }],
    };
    return suite("browser", ["browser"], { browser });
  },
};

export default defineConfig({
  test: {
    projects: await Promise.all(
      Object.keys(projects)
        .filter(wants)
        .map((name) => projects[name]()),
    ),
  },
});
