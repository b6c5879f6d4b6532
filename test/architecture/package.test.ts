// What a reader installs: the tarball that `npm publish` would send, looked at by the tools that know what goes wrong there,
// and compiled against by projects that ask for as little as possible.
import { execFileSync, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { entries, install, manifest, root } from "../support/package.ts";

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

  it("holds the built files and what belongs to every package, and nothing else", () => {
    const list = execFileSync("tar", ["-tzf", tarball], { encoding: "utf8" }).trim().split("\n");
    expect(
      list.filter((path) => !/^package\/(dist\/|(LICENSE|README\.md|package\.json)$)/.test(path)),
    ).toEqual([]);
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
