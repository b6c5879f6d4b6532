import { describe, expect, it, onTestFinished } from "vitest";
import { start, type Program } from "./program.ts";

async function open(command: string, args: string[], env?: Record<string, string>): Promise<Program> {
  const program = await start(command, args, env);
  onTestFinished(program.kill);
  return program;
}

describe("npm start", () => {
  // Ctrl+C reaches npm, its shell and the program, all three; `kill` reaches npm alone. Either way nothing may be left behind.
  it.each([
    ["Ctrl+C", "SIGINT", "group"],
    ["Ctrl+C, sent to npm alone,", "SIGINT", "leader"],
    ["SIGTERM, sent to npm alone,", "SIGTERM", "leader"],
  ] as const)(
    "builds, prints an address that answers, and on %s closes in order",
    async (_, signal, whom) => {
      const program = await open("npm", ["start"]);
      expect(program.output()).toContain(`The playground is at ${program.url}`);
      expect((await fetch(program.url)).status).toBe(200);
      expect((await fetch(`${program.url}/links`)).status).toBe(200);

      const { code, output, leftovers } = await program.interrupt(signal, whom);

      expect(output).toMatch(new RegExp(`^${signal}: shut down in [\\d.]+ ms, all went well$`, "m"));
      expect(output).toContain("request scopes: 1 opened, 1 closed");
      expect(code).toBe(0);
      expect(leftovers).toBe(false);
    },
  );
});

describe("the playground's server", () => {
  it("takes another port when its own is taken", async () => {
    const first = await open("node", ["playground/start.ts"]);
    const second = await open("node", ["playground/start.ts"], { PORT: new URL(first.url).port });

    expect(second.output()).toContain("is taken");
    expect(second.url).not.toBe(first.url);
    expect((await fetch(second.url)).status).toBe(200);
  });

  it("serves its own files, TypeScript without the types, and nothing else of the disk", async () => {
    const { url } = await open("node", ["playground/start.ts"]);

    const app = await fetch(`${url}/app.ts`);
    expect(app.headers.get("content-type")).toBe("text/javascript; charset=utf-8");
    expect(await app.text()).not.toMatch(/^(export )?interface/m);
    for (const path of ["/start.ts", "/node.ts", "/package.json", "/browser/..%2fnode.ts", "//etc/passwd"]) {
      expect((await fetch(url + path)).status, path).toBe(404);
    }
  });
});
