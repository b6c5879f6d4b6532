// Every program of README.md, CONTRIBUTING.md and docs/ is compiled and run as it stands, by a reader's project that has nothing but the package. What
// it prints is what the comments beside its `console.log` say.
import { execFile, spawn, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { build } from "esbuild";
import { afterAll, describe, expect, it } from "vitest";
import { launchBrowser } from "../playground/browser.ts";
import { install, root } from "../support/package.ts";
import { type Block, blocks, blocksUnder } from "./page.ts";

const { folder, remove } = install();
afterAll(remove);
// What else the programs import.
mkdirSync(join(folder, "node_modules/@types"));
for (const name of [
  "hono",
  "express",
  "@types/express",
  "zod",
  "valibot",
  "arktype",
  "@ark",
  "fastify",
  "react",
  "react-dom",
  "@types/react",
  "@types/react-dom",
])
  symlinkSync(join(root, "node_modules", name), join(folder, "node_modules", name), "dir");

const bin = (name: string): string => join(root, "node_modules/.bin", name);

/** Line for line where it stands in its page, so that what a tool says of a line is true of the page. */
const placed = (block: Block, code = block.code): string => "\n".repeat(block.line - 1) + code;

const save = (name: string, code: string): string => {
  writeFileSync(join(folder, name), code);
  return name;
};

/** What the types of a program may know of the world around it. */
const worlds = {
  "Node and the DOM": { lib: ["esnext", "dom"], types: ["node"] },
  "Node without the DOM": { lib: ["esnext"], types: ["node"] },
  "Cloudflare Workers": { lib: ["esnext"], types: ["@cloudflare/workers-types"] },
  "a page": {
    lib: ["esnext", "dom"],
    types: [],
    jsx: "react-jsx",
    module: "esnext",
    moduleResolution: "bundler",
  },
};

/** What the compiler says. */
function compile(files: readonly string[], world: keyof typeof worlds = "Node and the DOM"): string {
  const compilerOptions = {
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    erasableSyntaxOnly: true,
    verbatimModuleSyntax: true,
    noEmit: true,
    target: "esnext",
    module: "nodenext",
    ...worlds[world],
    typeRoots: [join(root, "node_modules/@types"), join(root, "node_modules")],
    skipLibCheck: true,
  };
  save("tsconfig.json", JSON.stringify({ compilerOptions, files }));
  return spawnSync(bin("tsc"), ["-p", "."], { cwd: folder, encoding: "utf8" }).stdout;
}

/** What the environment holds for a program that reads it. */
const environments: Record<string, Record<string, string>> = {
  "Settings from the environment": {
    SMTP_RELAY: "smtp://mail.example.org",
    SMTP_PASSWORD: "swordfish",
    SMTP_TIMEOUT: "1.5s",
  },
};

/** The environment is the one given: a PORT of this machine must not get into the page. */
const options = (env: Record<string, string> = {}) => ({
  cwd: folder,
  env: { PATH: process.env["PATH"], NO_COLOR: "1", ...env },
  timeout: 20_000,
});

async function run(name: string, env?: Record<string, string>): Promise<string[]> {
  const { stdout, stderr } = await promisify(execFile)(bin("node"), [name], options(env));
  expect(stderr).toBe("");
  return stdout.trimEnd().split("\n");
}

/** Runs what must fail: what stands on stderr, without the lines of the stack. */
function failure(name: string, env?: Record<string, string>): string {
  const { status, stderr } = spawnSync(bin("node"), [name], { ...options(env), encoding: "utf8" });
  expect(status).toBe(1);
  const [, error = ""] = /^((?:Uncaught )?\w+Error: (?:.|\n)*?)\n +at /m.exec(stderr) ?? [];
  return error + "\n";
}

/** The comments beside `console.log`, and the lines of comment right below one. */
function promised(code: string): string[] {
  return [...code.matchAll(/console\.log\(.*\); \/\/ (.*)$|console\.log\(.*\);((?:\n\/\/ .*)+)$/gm)].flatMap(
    ([, beside, below = ""]) =>
      beside !== undefined ? [beside.trim()] : below.trim().replaceAll("// ", "").split("\n"),
  );
}

// What is about Deno or Bun runs there, and the compiler of Deno knows what `Deno` is.
const inDeno = blocks.filter(({ page, language }) => page === "docs/deno.md" && language === "ts");
const inBun = blocks.filter(({ page, language }) => page === "docs/bun.md" && language === "js");
const programs = blocks.filter((block) => block.language === "ts" && !inDeno.includes(block));
const special = ["Stop on SIGTERM", "A Cloudflare Worker"];

describe("the programs of the pages", () => {
  it("compile, strictly", () => {
    const files = programs.map((block) => save(`${block.name}.mts`, placed(block)));
    expect(compile(files)).toBe("");
  });

  it("compile where no lib knows the DOM", () => {
    const files = programs.map((block) => save(`${block.name}.mts`, placed(block)));
    expect(compile(files, "Node without the DOM")).toBe("");
  });

  it("compile with the types of Cloudflare Workers, unless they are about Node", () => {
    const files = programs
      .filter(({ code }) => !/"(node:\w+|thimble\/node|express|fastify)"/.test(code))
      .map((block) => save(`${block.name}.mts`, placed(block)));
    expect(compile(files, "Cloudflare Workers")).toBe("");
  });

  it.each(programs.filter(({ heading }) => !special.includes(heading)))(
    "print what they say: $heading, line $line of $page",
    async (block) => {
      const lines = promised(block.code);
      expect(lines).not.toEqual([]);
      expect(await run(save(`run-${block.name}.mts`, placed(block)), environments[block.heading])).toEqual(
        lines,
      );
    },
  );

  it.each([
    [
      "Deno",
      inDeno,
      "mts",
      [
        bin("deno"),
        "run",
        "--no-prompt",
        "--no-lock",
        "--node-modules-dir=manual",
        "--check",
        "--allow-net",
        "--allow-env",
      ],
    ],
    ["Bun", inBun, "mjs", [bin("bun"), "run"]],
  ] as const)("print in %s what they say", async (_, about, extension, [command, ...args]) => {
    expect(about).not.toEqual([]);
    for (const block of about) {
      const name = save(`${block.name}.${extension}`, placed(block));
      const { stdout } = await promisify(execFile)(command, [...args, name], options());
      expect(stdout.trimEnd().split("\n")).toEqual(promised(block.code));
    }
  });

  it("stop on SIGTERM, and exit with 0", async () => {
    const [block] = blocksUnder("Stop on SIGTERM", "ts");
    const child = spawn(bin("node"), [save("sigterm.mts", block!.code)], {
      ...options(),
      stdio: ["ignore", "pipe", "inherit"],
    });
    const lines: string[] = [];
    const code = new Promise((resolve) => child.once("exit", resolve));

    for await (const line of createInterface({ input: child.stdout })) {
      lines.push(line);
      if (line === "listening") child.kill("SIGTERM");
    }

    // The end of the program is written first and printed last.
    expect(lines).toEqual(promised(block!.code).toReversed());
    expect(await code).toBe(0);
  });

  it("answer as a Worker, whose scope closes in waitUntil", async () => {
    const [block] = blocksUnder("A Cloudflare Worker", "ts");
    // Counting takes its turn after the response, and says so.
    save("worker.mts", block!.code.replace("async count() {}", `async count() { console.log("counted"); }`));
    const driver = save(
      "worker-driver.mts",
      `
      import worker from "./worker.mts";
      const waiting: Promise<unknown>[] = [];
      const request = new Request("https://shop.example/?name=Ada");
      const response = await worker.fetch(request, { GREETING: "Welcome" }, { waitUntil: (work) => void waiting.push(work) });
      const text = await response.text();
      await Promise.all(waiting);
      console.log(waiting.length, text);
      `,
    );

    expect(block!.code).toContain("async count() {}");
    expect(await run(driver)).toEqual(["counted", "1 Welcome, Ada"]);
  });
});

describe("the errors of the pages", () => {
  const [first] = programs;
  const withoutVisitor = first!.code.replace(`, value(Visitor, { name })`, "");
  const [error] = blocksUnder("Thimble", "text");
  const [problems] = blocksUnder("Settings from the environment", "text");

  it("is what the first program says when the visitor is left out", () => {
    expect(withoutVisitor).not.toBe(first!.code);
    expect(failure(save("missing.mts", withoutVisitor))).toBe(error!.code);
  });

  it("is met by the compiler first, and there alone", () => {
    const at = first!.line + first!.code.split("\n").findIndex((line) => line.includes("getAsync(Greeter)"));
    const said = compile([save("refused.mts", placed(first!, withoutVisitor))]);
    expect(said).toMatch(`refused.mts(${at},`);
    expect(said.match(/error TS/g)).toHaveLength(1);
  });

  it("is quoted as the compiler has it where a list lacks a provider", () => {
    const [block] = blocksUnder("1. Tokens and providers", "ts");
    const [, missing = "nothing"] = /@ts-expect-error .*'(MissingProvider<.*>)'/.exec(block!.code) ?? [];
    const said = compile([save("unexpected.mts", block!.code.replace("@ts-expect-error", ""))]);
    expect(said).toContain(`Property '"no provider for"' is missing`);
    expect(said).toContain(`required in type '${missing}'`);
  });

  it("are quoted as the compiler has them on the page of errors", () => {
    const [block] = blocksUnder("What the compiler says", "ts");
    const quoted = [...block!.code.matchAll(/@ts-expect-error (.*)$/gm)].flatMap(([, words = ""]) =>
      [...words.matchAll(/'([^']+)'/g)].map(([, quote]) => quote!),
    );
    const said = compile([save("mistakes.mts", block!.code.replaceAll("@ts-expect-error", ""))]);
    expect(quoted.length).toBeGreaterThan(9);
    expect(quoted.filter((quote) => !said.includes(`'${quote}'`))).toEqual([]);
  });

  it("is what the program says when its settings are wrong", () => {
    const [block] = blocksUnder("Settings from the environment", "ts");
    expect(failure(save("settings.mts", block!.code), { SMTP_TIMEOUT: "soon" })).toBe(problems!.code);
  });

  it("are these two, and no other", () => {
    const layout = blocksUnder("Working on Thimble", "text");
    expect(blocks.filter((block) => block.language === "text")).toEqual([error, ...layout, problems]);
  });
});

describe("the components on the pages", () => {
  const components = blocks.filter((block) => block.language === "tsx");

  it("compile, strictly", () => {
    const files = components.map((block) => save(`${block.name}.tsx`, placed(block)));
    expect(files).not.toEqual([]);
    expect(compile(files, "a page")).toBe("");
  });

  it.each(components)("print in a page what they say: $page, $heading, line $line", async (block) => {
    const { outputFiles } = await build({
      entryPoints: [join(folder, save(`page-${block.name}.tsx`, block.code))],
      bundle: true,
      write: false,
      format: "esm",
      jsx: "automatic",
      tsconfigRaw: {},
      define: { "process.env.NODE_ENV": '"development"' },
    });
    const browser = await launchBrowser();
    try {
      const page = await browser.newPage();
      const said: string[] = [];
      page.on("console", (message) => said.push(message.text()));
      page.on("pageerror", (error) => said.push(String(error)));
      await page.setContent("<!doctype html><title>components</title><body></body>");

      await page.addScriptTag({ type: "module", content: outputFiles[0]!.text });

      await expect.poll(() => said, { timeout: 10_000 }).toEqual(promised(block.code));
    } finally {
      await browser.close();
    }
  });
});

describe("the page with a script tag", () => {
  it("runs in a browser under the policy that is named there", async () => {
    const heading = "A page with a script tag";
    const [html] = blocksUnder(heading, "html");
    const [js] = blocksUnder(heading, "js");
    const files: Record<string, [type: string, body: string]> = {
      "/": ["text/html", html!.code],
      "/shop.js": ["text/javascript", js!.code],
      "/thimble.global.js": ["text/javascript", readFileSync(join(root, "dist/thimble.global.js"), "utf8")],
    };
    const server = createServer((request, response) => {
      const [type, body] = files[request.url!] ?? ["text/plain", ""];
      response
        .writeHead(200, { "content-type": type, "content-security-policy": "script-src 'self'" })
        .end(body);
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    const browser = await launchBrowser();
    try {
      const page = await browser.newPage();
      const said: string[] = [];
      page.on("console", (message) => said.push(message.text()));
      page.on("pageerror", (error) => said.push(String(error)));

      await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);

      expect(await page.title()).toBe("Welcome");
      expect(said).toEqual([]);
    } finally {
      await browser.close();
      server.close();
    }
  });
});
