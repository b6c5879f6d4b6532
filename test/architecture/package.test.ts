// What a reader installs: the tarball that `npm publish` would send, looked at by the tools that know what goes wrong there,
// and compiled against by projects that ask for as little as possible.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { entries, install, manifest, readJson, root } from "../support/package.ts";

const { folder, tarball, remove } = install();
afterAll(remove);

const bin = (name: string): string => join(root, "node_modules/.bin", name);

function run(command: string, args: readonly string[]): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: root, encoding: "utf8" });
  return { status, output: stdout + stderr };
}

describe("the tarball", () => {
  it("pleases publint, strictly", () => {
    expect(run(bin("publint"), [tarball, "--strict"])).toMatchObject({ status: 0 });
  });

  it("has types that are right for ESM readers of every kind", () => {
    expect(run(bin("attw"), [tarball, "--profile", "esm-only"])).toMatchObject({ status: 0 });
  });

  it("brings no other package", () => {
    expect(manifest.dependencies ?? {}).toEqual({});
    const optional = Object.entries(manifest.peerDependenciesMeta ?? {}).filter(([, it]) => it.optional);
    expect(Object.keys(manifest.peerDependencies ?? {})).toEqual(optional.map(([name]) => name));
  });

  it("holds the built files, the pages and what belongs to every package, and nothing else", () => {
    const list = execFileSync("tar", ["-tzf", tarball], { encoding: "utf8" }).trim().split("\n");
    expect(
      list.filter(
        (path) =>
          !/^package\/(dist\/|docs\/.*\.md$|(LICENSE|README\.md|llms\.txt|package\.json)$)/.test(path),
      ),
    ).toEqual([]);
  });
});

describe("a reader that is older", () => {
  const program = `const { createContainer, value } = require("thimble");
    const { observe } = require("thimble/observe");
    const key = class {};
    console.log(createContainer(value(key, 7)).get(key), typeof observe);`;

  it.each([
    ["the machine's own Node", process.env["npm_node_execpath"] ?? "node"],
    ["the Node of node_modules", bin("node")],
  ])("gets the package by require() in %s", (_, node) => {
    writeFileSync(join(folder, "program.cjs"), program);
    const { stdout } = spawnSync(node, ["program.cjs"], { cwd: folder, encoding: "utf8" });
    expect(stdout).toBe("7 function\n");
  });

  it("finds the core and its types by main and types: the small build, since such a reader may be a bundler", () => {
    expect(join(root, manifest.main)).toBe(entries.get("thimble/small")!.js);
    expect([manifest.main, manifest.types].map((path) => existsSync(join(root, path)))).toEqual([true, true]);
    const esmodules = {
      lib: ["es2022"],
      module: "es2015",
      moduleResolution: "node10",
      ignoreDeprecations: "5.0",
    };
    writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "reader" }));
    writeFileSync(
      join(folder, "old.ts"),
      `import { createContainer, value } from "thimble"; class Port { constructor(readonly number = 7) {} }
      export const port: number = createContainer(value(Port, new Port())).get(Port).number;`,
    );
    const compilerOptions = { ...esmodules, strict: true, noEmit: true, types: [], target: "es2022" };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["old.ts"] }));
    expect(run(join(root, "node_modules/typescript-5.9/bin/tsc"), ["-p", folder])).toEqual({
      status: 0,
      output: "",
    });
  });
});

describe("npm publish", () => {
  const { folder, remove } = install();
  afterAll(remove);
  const begin = (more: object) => {
    const path = join(folder, "published.json");
    writeFileSync(path, JSON.stringify({ ...manifest, ...more }));
    const { status, stderr } = spawnSync(process.execPath, [join(root, "test/support/publish.mjs"), path]);
    return [status, String(stderr)];
  };

  it("begins when package.json has what only whoever publishes knows, and says what is missing", () => {
    const address = "https://thimble.example";
    const homepage = address;
    const repository = { type: "git", url: `git+${address}/thimble.git` };
    const bugs = { url: `${address}/bugs` };

    expect(begin({ homepage, repository, bugs })).toEqual([0, ""]);
    expect(begin({ homepage, repository: undefined, bugs: "" })).toEqual([
      1,
      'package.json says nothing of repository, bugs: see "Publishing" in CONTRIBUTING.md\n',
    ]);
  });

  it("runs that check first", () => {
    expect(readJson("package.json")).toMatchObject({
      scripts: {
        prepublishOnly: expect.stringMatching(/^node test\/support\/publish\.mjs && npm run build$/),
      },
    });
  });
});

describe("jsr", () => {
  it("would take the package", () => {
    const args = ["publish", "--dry-run", "--allow-dirty", "--no-check=remote"];
    const { status, output } = run(bin("deno"), args);
    expect({ status, output }).toEqual({ status: 0, output: expect.stringContaining("Success") });
  });

  it("has every entry point but the one that package conditions choose", () => {
    const { exports } = readJson("jsr.json") as { exports: object };
    const names = Object.keys(manifest.exports).filter((it) => it !== "./package.json" && it !== "./runtime");
    expect(Object.keys(exports).toSorted()).toEqual(names.toSorted());
  });
});

describe("a reader's project", () => {
  // Whoever imports these has hono, whose types need the DOM, or react. test/types compiles that.
  const names = [...entries.keys()].filter((name) => !/^thimble\/(hono|react)$/.test(name));
  const program = `
    import { createContainer, token, singleton, value } from "thimble";
    ${names.map((name, i) => `import * as entry${i} from "${name}";\nvoid entry${i};`).join("\n")}
    const Port = token<number>("port");
    class Server { constructor(readonly port: number) {} }
    const app = createContainer(value(Port, 1), singleton(Server, [Port]));
    export const port: number = app.get(Server).port;
    export const asynchronous: Promise<Server> = app.getAsync(Server);
    // @ts-expect-error the types have arrived, and are not any
    export const wrong: string = app.get(Server).port;
  `;

  const compile = (options: object): { status: number | null; output: string } => {
    writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "reader", type: "module" }));
    writeFileSync(join(folder, "program.ts"), program);
    const compilerOptions = {
      strict: true,
      noEmit: true,
      types: [],
      skipLibCheck: false,
      target: "es2022",
      ...options,
    };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["program.ts"] }));
    return run(bin("tsc"), ["-p", folder]);
  };

  it.each([
    { lib: ["es2022"], module: "esnext", moduleResolution: "bundler" },
    { lib: ["es2022"], module: "nodenext", moduleResolution: "nodenext" },
    { lib: ["es2022", "dom"], module: "esnext", moduleResolution: "bundler" },
    {
      lib: ["esnext", "dom"],
      module: "preserve",
      moduleResolution: "bundler",
      exactOptionalPropertyTypes: true,
    },
  ])("compiles with nothing but the package: $lib, $moduleResolution", (options) => {
    expect(compile(options)).toEqual({ status: 0, output: "" });
  });

  it.each(["deno", "bun", "workerd", "browser", "node"])(
    "compiles thimble/runtime under the condition %s",
    (condition) => {
      const options = {
        lib: ["es2022"],
        module: "esnext",
        moduleResolution: "bundler",
        customConditions: [condition],
      };
      expect(compile(options)).toEqual({ status: 0, output: "" });
    },
  );
});
