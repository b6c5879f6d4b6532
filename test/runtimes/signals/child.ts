// A child process of each runtime: its real binary, not a wrapper that would have to pass signals on.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

const bin = (name: string): string =>
  fileURLToPath(new URL(`../../../node_modules/.bin/${name}`, import.meta.url));

export type Runtime = "node" | "machine-node" | "deno" | "bun";

/** The Node of this machine, the oldest that counts, is the one that runs npm. */
const commands: Record<Runtime, string[]> = {
  node: [bin("node")],
  "machine-node": [process.env["npm_node_execpath"] ?? process.execPath],
  deno: [bin("deno"), "run", "--no-prompt"],
  bun: [bin("bun")],
};

export const runtimes = Object.keys(commands) as Runtime[];

export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly lines: string[];
}

export interface Child {
  /** Resolves when the child has printed a line that begins like this; rejects when it ends without. */
  said(beginning: string): Promise<void>;
  /** What the child has printed so far. */
  lines(): string[];
  kill(signal: NodeJS.Signals): void;
  readonly ended: Promise<Ending>;
}

export interface Settings {
  readonly cwd: string;
  /** To go between the runtime and the program: Deno's permissions. */
  readonly flags?: string[];
  readonly env?: Record<string, string>;
  /** When to kill it: at the end of the test that has started it, unless told otherwise. */
  readonly until?: (end: () => void) => void;
}

export function start(
  runtime: Runtime,
  [...program]: string[],
  { cwd, flags = [], env, until = onTestFinished }: Settings,
): Child {
  const [command, ...args] = commands[runtime] as [string, ...string[]];
  const child = spawn(command, [...args, ...flags, ...program], {
    cwd,
    env: {
      PATH: process.env["PATH"],
      HOME: process.env["HOME"],
      NO_COLOR: "1",
      DENO_NO_UPDATE_CHECK: "1",
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  until(() => void child.kill("SIGKILL"));
  let output = "";
  const waiting = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      for (const look of waiting) look();
    });
  }
  const lines = (): string[] => output.split("\n").filter((line) => line !== "");
  const ended = new Promise<Ending>((resolve) =>
    child.on("close", (code, signal) => resolve({ code, signal, lines: lines() })),
  );

  return {
    said: (beginning) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (!lines().some((line) => line.startsWith(beginning))) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
        void ended.then(() => reject(new Error(`ended without "${beginning}":\n${output}`)));
      }),
    lines,
    kill: (signal) => void child.kill(signal),
    ended,
  };
}
