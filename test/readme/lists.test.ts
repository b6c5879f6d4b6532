// What README.md, CONTRIBUTING.md and docs/ list is what there is: exports, commands, runtimes, folders, files.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { readJson, root } from "../support/package.ts";
import { blocks, blocksUnder, headings, pages, rowsOf, section } from "./page.ts";

const { scripts, engines } = readJson("package.json") as {
  scripts: Record<string, string>;
  engines: { node: string };
};

const foldersIn = (path: string): string[] =>
  readdirSync(join(root, path), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => `${path}/${entry.name}`);

describe("the page of errors", () => {
  const codes = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts"))
    .flatMap((path) => [
      ...readFileSync(join(root, "src", path), "utf8").matchAll(/static override readonly code = "(\w+)"/g),
    ])
    .map(([, code]) => code);

  it("has a heading for each code, and for no other", () => {
    const listed = headings(pages.get("docs/errors.md")!).filter((heading) => /^[A-Z_]+$/.test(heading));
    expect(listed.toSorted()).toEqual([...new Set(codes)].toSorted());
  });
});

describe("what the compiler says, on the page of errors", () => {
  const said = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts"))
    .flatMap((path) => [
      ...readFileSync(join(root, "src", path), "utf8").matchAll(/^ +readonly "([a-z ]+)[^"]*": /gm),
    ])
    .map(([, words = ""]) => words)
    // No message shows it.
    .filter((words) => words !== "nothing is provided here");

  it("has a row for each property that is a sentence", () => {
    const rows = rowsOf(section("What the compiler says")).map(([first = ""]) => first);
    expect(said).toContain("no provider for");
    expect(said.filter((words) => !rows.some((row) => row.startsWith(`\`${words}`)))).toEqual([]);
  });
});

describe("the pages for those who come from elsewhere", () => {
  const bare = (code: string): string => code.replace(/\s+/g, "").replace(/,(?=[)\]}])/g, "");

  it.each([...pages.keys()].filter((page) => /^docs\/coming-from\/(?!README)/.test(page)))(
    "have a program with all of the right-hand side: %s",
    (page) => {
      const program = bare(
        blocks
          .filter((block) => block.page === page && block.language === "ts")
          .map(({ code }) => code)
          .join(),
      );
      const said = rowsOf(pages.get(page)!)
        .flatMap(([, here = ""]) => [...here.matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code))
        // In the program, the options of a row may stand in the call of another one.
        .flatMap((code) => code.split("…").map((it) => bare(it).replace(/^\{|[)}]+$/g, "")));
      expect(said.length).toBeGreaterThan(9);
      expect(said.filter((code) => !program.includes(code))).toEqual([]);
    },
  );
});

describe("the commands", () => {
  const commands = [
    ...blocks.filter((block) => block.language === "sh").flatMap((block) => block.code.trim().split("\n")),
    ...[...pages.values()].flatMap((text) =>
      [...text.matchAll(/`((?:npm|node|npx) [^`]+)`/g)].map(([, command = ""]) => command),
    ),
  ].flatMap((line) => line.split(" && "));

  const isThere = (path: string): boolean => existsSync(join(root, path));

  function runs(command: string): boolean {
    const [program, first = "", second = ""] = command.split(" ");
    if (program === "node") return isThere(first);
    if (program === "npx") return isThere(`node_modules/.bin/${first}`);
    if (program === "deno" || program === "bun") return isThere(`node_modules/.bin/${program}`);
    const script = first === "run" ? second : first;
    return ["ci", "install", "publish"].includes(script) || Object.hasOwn(scripts, script);
  }

  it.each([...new Set(commands)])("exist: %s", (command) => {
    expect(runs(command)).toBe(true);
  });

  it("on a fresh machine are two", () => {
    const [, fresh] = blocksUnder("Install", "sh");
    expect(fresh!.code).toBe("npm ci && npm start\nnpm ci && npm test\n");
  });
});

describe("the requirements", () => {
  it("are those of package.json", () => {
    const [, first, other] = /^\^([\d.]+)\.0 \|\| >=([\d.]+)\.0$/.exec(engines.node)!;
    expect(section("Install")).toContain(`Node ${first} or newer (of Node 22, ${other})`);
  });

  it.each(["node", "deno", "bun", "workerd", "@sparticuz/chromium", "happy-dom"])(
    "come with npm ci: %s",
    (name) => {
      const { packages } = readJson("package-lock.json") as { packages: object };
      expect(packages).toHaveProperty([`node_modules/${name}`]);
    },
  );
});

describe("the table of runtimes", () => {
  it("has a row for each suite that npm test runs, in that order", () => {
    const runner = readFileSync(join(root, "test/run.mjs"), "utf8");
    const [, suites = ""] = /const suites = \[(.*?)^\];/ms.exec(runner) ?? [];
    const names = [...suites.matchAll(/\bname: "([\w-]+)"/g)].map(([, name]) => `\`${name}\``);
    expect(
      rowsOf(section("Working on Thimble"))
        .map(([name]) => name)
        .filter((name) => name?.startsWith("`")),
    ).toEqual(names);
  });
});

describe("the layout", () => {
  const [block] = blocksUnder("Working on Thimble", "text");
  const folders: string[] = [];
  const listed = block!.code
    .trim()
    .split("\n")
    .map((line) => {
      const [, indent = "", name = ""] = /^( *)(\S+)/.exec(line) ?? [];
      // Two spaces for each folder that it is in.
      folders.length = indent.length / 2;
      folders.push(name.replace(/\/$/, ""));
      return folders.join("/");
    });

  it("has every folder of src, of its core and of test", () => {
    expect(listed).toEqual(expect.arrayContaining(["src", "src/core", "test"].flatMap(foldersIn)));
  });

  it.each(listed)("has nothing that is not there: %s", (path) => {
    expect(existsSync(join(root, path))).toBe(true);
  });
});

describe("the links", () => {
  const anchorsOf = (path: string): string[] =>
    headings(pages.get(path) ?? "").map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\w\s-]/g, "")
        .replaceAll(" ", "-"),
    );
  const links = [...pages].flatMap(([page, text]) =>
    [...text.matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, link = ""]) => ({ page, link }))
      .filter(({ link }) => !/^https?:/.test(link)),
  );

  it.each(links)("lead somewhere: $link of $page", ({ page, link }) => {
    const [to = "", anchor] = link.split("#");
    const path = to ? join(dirname(page), to) : page;
    expect(existsSync(join(root, path))).toBe(true);
    expect(anchor ? anchorsOf(path) : [anchor]).toContain(anchor);
  });

  it("lead from README.md or docs/README.md to every page", () => {
    const reached = links
      .filter(({ page }) => page === "README.md" || page.endsWith("/README.md"))
      .map(({ page, link }) => join(dirname(page), link.split("#")[0]!));
    expect([...pages.keys()].filter((page) => page !== "README.md" && !reached.includes(page))).toEqual([]);
  });
});
