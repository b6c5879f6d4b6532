// One program from the tarball through the tools that readers build and test with. Those that this repository does not use
// itself are installed in a temporary folder, as package-lock.json pins them.
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { installPinned } from "../../support/install.ts";
import { root, unpack } from "../../support/package.ts";
import { expected } from "../program.mjs";

const folder = mkdtempSync(join(tmpdir(), "thimble-bundlers-"));
afterAll(() => rmSync(folder, { recursive: true }));

const ours = (name: string): string => join(root, "node_modules/.bin", name);
const theirs = (name: string): string => join(folder, "node_modules/.bin", name);

const env = {
  PATH: join(root, "node_modules/.bin") + ":" + process.env["PATH"],
  HOME: folder,
  NO_COLOR: "1",
  // Nobody is told that somebody builds here.
  NEXT_TELEMETRY_DISABLED: "1",
  DO_NOT_TRACK: "1",
  WRANGLER_SEND_METRICS: "false",
};

/** Runs a command to its end; a failure shows all that it printed. */
async function run(
  cwd: string,
  [file = "", ...args]: readonly string[],
  settings: Record<string, string> = {},
): Promise<string> {
  const options = { cwd, env: { ...env, ...settings }, timeout: 120_000, maxBuffer: 1 << 26 };
  try {
    const { stdout, stderr } = await promisify(execFile)(file, args, options);
    return stdout + stderr;
  } catch (error) {
    const { stdout, stderr, message } = error as { stdout: string; stderr: string; message: string };
    throw new Error(`${message}\n${stdout}\n${stderr}`);
  }
}

/** A project in a folder of its own, from files of this folder and texts. */
function project(name: string, files: readonly string[], texts: Record<string, string> = {}): string {
  const cwd = join(folder, name);
  mkdirSync(cwd);
  for (const file of files) cpSync(join(import.meta.dirname, file), join(cwd, file.replace("../", "")));
  for (const [path, text] of Object.entries({ "package.json": `{ "type": "module" }`, ...texts })) {
    mkdirSync(join(cwd, path, ".."), { recursive: true });
    writeFileSync(join(cwd, path), text);
  }
  return cwd;
}

const source = ["../program.mjs", "main.mjs", "entry.mjs", "index.mjs"];

beforeAll(() => {
  installPinned(import.meta.dirname, folder, "--ignore-scripts");
  unpack(join(folder, "node_modules/thimble"));
}, 300_000);

const pack = (tool: string, target: string): string[] => [ours("node"), "pack.mjs", tool, target];
const vite = (...more: string[]): string[] => [ours("vite"), "build", ...more];

const viteConfig = `export default {
  ssr: { noExternal: true },
  build: { outDir: "out", rollupOptions: { input: "index.mjs", output: { entryFileNames: "index.mjs" } } },
};`;
// Parcel reads \`exports\` when the package.json beside the lockfile says so: "@parcel/resolver-default" of the one here.
const parcelTarget = JSON.stringify({
  type: "module",
  targets: {
    main: false,
    page: {
      distDir: "out",
      context: "browser",
      outputFormat: "esmodule",
      includeNodeModules: true,
      engines: { browsers: "Chrome >= 120" },
    },
  },
});

/** What this program does not import, by a text of each that no minifier changes: a combinator, and two features. */
const unused = [
  { file: "core/combinators/assisted.js", word: "assisted" },
  { file: "features/layers.js", word: "LAYER_VIOLATION" },
  { file: "features/testing/fake.js", word: "NOT_FAKED" },
];

interface Row {
  by: string;
  target: string;
  /** Which of the two builds `thimble` is then. */
  build: "small" | "fast";
  /** Which entry point `thimble/runtime` is. */
  entry: "browser" | "bun" | "generic" | "node" | "workers";
  command: string[];
  out?: string;
  /** Files of the project, beside the program. */
  files?: Record<string, string>;
  settings?: Record<string, string>;
}

const esbuild = (...more: string[]): string[] => [
  ours("esbuild"),
  "index.mjs",
  "--bundle",
  "--minify",
  "--format=esm",
  "--outfile=out/index.mjs",
  ...more,
];
const bun = (target: string): string[] => [
  ours("bun"),
  "build",
  "index.mjs",
  `--target=${target}`,
  "--minify",
  "--outfile=out/index.mjs",
];
const parcel = [ours("node"), theirs("parcel"), "build", "index.mjs", "--target", "page", "--no-cache"];

const programs: Row[] = [
  { by: "webpack", target: "a page", build: "small", entry: "browser", command: pack("webpack", "web") },
  { by: "webpack", target: "Node", build: "fast", entry: "node", command: pack("webpack", "node") },
  { by: "rspack", target: "a page", build: "small", entry: "browser", command: pack("@rspack/core", "web") },
  { by: "rspack", target: "Node", build: "fast", entry: "node", command: pack("@rspack/core", "node") },
  {
    by: "Parcel",
    target: "a page",
    build: "small",
    entry: "browser",
    command: parcel,
    out: "out/index.js",
    files: { "package.json": parcelTarget },
  },
  { by: "Vite", target: "a page", build: "small", entry: "browser", command: vite() },
  { by: "Vite", target: "Node", build: "fast", entry: "node", command: vite("--ssr", "index.mjs") },
  { by: "esbuild", target: "a page", build: "small", entry: "browser", command: esbuild() },
  { by: "Bun", target: "a page", build: "small", entry: "browser", command: bun("browser") },
];

/** Bundles the project in `cwd`, and runs nothing but the bundle: what it does not hold, it does not find. */
async function bundled(
  cwd: string,
  { command, out = "out/index.mjs", settings }: Row,
): Promise<[string, string]> {
  await run(cwd, command, settings);
  const alone = join(tmpdir(), `${folder.split("/").at(-1)}.mjs`);
  cpSync(join(cwd, out), alone);
  try {
    return [await run(tmpdir(), [ours("node"), alone]), readFileSync(join(cwd, out), "utf8")];
  } finally {
    rmSync(alone);
  }
}

describe("a program that is bundled", () => {
  it.each(unused)("could hold the text of $file", ({ file, word }) => {
    const text = readFileSync(join(folder, "node_modules/thimble/dist", file), "utf8");
    expect(text).toMatch(new RegExp(`["\`]${word}`));
  });

  it.each(programs)(
    "by $by for $target runs, with thimble/$entry as thimble/runtime, and holds nothing that it does not use",
    async (row) => {
      const cwd = project(`${row.by} for ${row.target}`, [...source, "pack.mjs"], {
        "vite.config.mjs": viteConfig,
        ...row.files,
      });

      const [said, text] = await bundled(cwd, row);

      expect(JSON.parse(said)).toEqual({ events: expected, entry: row.entry, port: 8080 });
      expect(text).toContain("NOT_PROVIDED");
      for (const { word } of unused) expect(text).not.toContain(word);
    },
  );
});

describe("in a bundle, thimble", () => {
  const worker = JSON.stringify({ name: "worker", main: "worker.mjs", compatibility_date: "2026-10-01" });
  const wrangler: Omit<Row, "target"> = {
    by: "wrangler",
    build: "small",
    entry: "workers",
    command: [ours("wrangler"), "deploy", "--dry-run", "--outdir", "out"],
    out: "out/worker.js",
    files: {
      "wrangler.json": worker,
      "worker.mjs": `import "./index.mjs"; export default { fetch: () => new Response() };`,
    },
  };

  it.each<Row>([
    ...programs,
    {
      by: "webpack",
      target: "a web worker",
      build: "small",
      entry: "browser",
      command: pack("webpack", "webworker"),
    },
    {
      by: "webpack",
      target: "a page of Electron",
      build: "small",
      entry: "browser",
      command: pack("webpack", "electron-renderer"),
    },
    {
      by: "webpack",
      target: "Electron",
      build: "fast",
      entry: "node",
      command: pack("webpack", "electron-main"),
    },
    {
      by: "Vite",
      target: "a Worker that renders",
      build: "small",
      entry: "browser",
      command: vite("--ssr", "index.mjs"),
      files: { "vite.config.mjs": viteConfig.replace("ssr: {", `ssr: { target: "webworker",`) },
    },
    { by: "esbuild", target: "Node", build: "fast", entry: "node", command: esbuild("--platform=node") },
    {
      by: "esbuild",
      target: "nothing",
      build: "small",
      entry: "generic",
      command: esbuild("--platform=neutral"),
    },
    {
      by: "esbuild",
      target: "Workers on top of Node, as OpenNext and Nitro 3 do it,",
      build: "small",
      entry: "workers",
      command: esbuild("--platform=node", "--conditions=workerd"),
    },
    {
      by: "esbuild",
      target: "all edges at once, as Nitro 2 does it,",
      build: "small",
      entry: "workers",
      command: esbuild("--platform=neutral", "--conditions=worker,browser,workerd,edge-light,netlify,deno"),
    },
    { by: "Bun", target: "Node", build: "fast", entry: "node", command: bun("node") },
    { by: "Bun", target: "Bun", build: "fast", entry: "bun", command: bun("bun") },
    { ...wrangler, target: "a Worker" },
    {
      ...wrangler,
      target: "a Worker, told that it is Node",
      settings: { WRANGLER_BUILD_PLATFORM: "node" },
    },
  ])("is the $build build by $by for $target, and thimble/runtime is thimble/$entry", async (row) => {
    const cwd = project(`the build of ${row.by} for ${row.target}`, ["build.mjs", "entry.mjs", "pack.mjs"], {
      "index.mjs": `import { build } from "./build.mjs";
        import { entry } from "./entry.mjs";
        console.log(build, entry);`,
      "vite.config.mjs": viteConfig,
      ...row.files,
    });

    const [said] = await bundled(cwd, row);

    expect(said).toBe(`${row.build} ${row.entry}\n`);
  });
});

describe("Next", () => {
  let next: ChildProcess | undefined;
  afterAll(() => void next?.kill());

  const route = (runtime: string): string => `
    import { build } from "../../../build.mjs";
    import { main } from "../../../main.mjs";
    export const runtime = ${JSON.stringify(runtime)};
    export const dynamic = "force-dynamic";
    export const GET = async () => Response.json({ build, ...(await main()) });`;

  it("builds and answers, on the edge as a page and on Node as Node", async () => {
    const cwd = project("next", ["../program.mjs", "main.mjs", "entry.mjs", "build.mjs"], {
      "app/api/edge/route.js": route("edge"),
      "app/api/node/route.js": route("nodejs"),
      "app/layout.js": `export default ({ children }) => <html><body>{children}</body></html>;`,
      "next.config.mjs": `export default { turbopack: { root: ${JSON.stringify(folder)} } };`,
    });
    await run(cwd, [ours("node"), theirs("next"), "build"]);

    const start = [theirs("next"), "start", "--port", "0", "--hostname", "127.0.0.1"];
    next = spawn(ours("node"), start, { cwd, env, stdio: ["ignore", "pipe", "inherit"] });
    let said = "";
    const address = await new Promise<string>((resolve, reject) => {
      next!.on("exit", () => reject(new Error(said)));
      next!.stdout!.setEncoding("utf8").on("data", (text) => {
        const [found] = /http:\/\/127\.0\.0\.1:\d+/.exec((said += text)) ?? [];
        if (found && said.includes("Ready")) resolve(found);
      });
    });
    const answer = async (path: string): Promise<unknown> => (await fetch(address + path)).json();

    const did = { events: expected, port: 8080 };
    expect(await answer("/api/edge")).toEqual({ ...did, entry: "browser", build: "small" });
    expect(await answer("/api/node")).toEqual({ ...did, entry: "node", build: "fast" });
  });
});

describe("ts-jest", () => {
  const compilerOptions = {
    target: "es2022",
    module: "esnext",
    moduleResolution: "bundler",
    strict: true,
    types: [],
    lib: ["esnext", "dom"],
  };

  it.each([
    {
      as: "ES modules",
      flags: ["--experimental-vm-modules"],
      manifest: { type: "module", jest: { preset: "ts-jest/presets/default-esm" } },
      options: compilerOptions,
    },
    {
      as: "CommonJS, when it compiles the package too",
      flags: [],
      manifest: {
        jest: {
          preset: "ts-jest/presets/js-with-ts",
          transformIgnorePatterns: ["/node_modules/(?!thimble/)"],
        },
      },
      options: { ...compilerOptions, module: "preserve", allowJs: true },
    },
  ])("passes a test file that it checks and loads as $as", async ({ as, flags, manifest, options }) => {
    const cwd = project(as, [], {
      "package.json": JSON.stringify(manifest),
      "tsconfig.json": JSON.stringify({ compilerOptions: options }),
      "users.test.ts": readFileSync(join(import.meta.dirname, "users.ts"), "utf8"),
    });
    const jest = [ours("node"), ...flags, join(folder, "node_modules/jest/bin/jest.js")];

    expect(await run(cwd, jest)).toMatch(/Tests:\s+3 passed, 3 total/);
  });
});
