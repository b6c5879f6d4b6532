/**
 * A program as a person runs it: started from the repository's folder, spoken to over HTTP, ended with Ctrl+C.
 *
 * It gets a process group of its own, because that is whom a terminal sends Ctrl+C to: npm, the shell that npm
 * starts and the program itself, all at once.
 *
 * @module
 */

import { spawn } from "node:child_process";
import { delimiter, join } from "node:path";
import { root } from "../support/package.ts";

export const bin = (name: string): string => join(root, "node_modules/.bin", name);

export interface Program {
  /** Where it said that it listens. */
  readonly url: string;
  /** All that it has printed so far. */
  output(): string;
  /** Signals the whole group, as a terminal does, or only the process that was started; waits until that has ended. */
  interrupt(signal: "SIGINT" | "SIGTERM", whom?: "group" | "leader"): Promise<Ended>;
  /** Ends what is left of it, if anything is. */
  kill(): void;
}

export interface Ended {
  /** `null` when it did not exit but died by a signal. */
  readonly code: number | null;
  readonly output: string;
  /** Whether a process of the group outlived it. */
  readonly leftovers: boolean;
}

export async function start(
  command: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<Program> {
  const child = spawn(command, args, {
    cwd: root,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    // Port 0: whichever is free. And the Node of node_modules first, as `npm run` has it.
    env: {
      ...process.env,
      PATH: join(root, "node_modules/.bin") + delimiter + process.env["PATH"],
      NO_COLOR: "1",
      PORT: "0",
      ...env,
    },
  });
  const group = -child.pid!;
  const kill = (): void => void (alive(group) && process.kill(group, "SIGKILL"));
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));

  const deadline = setTimeout(kill, 60_000);
  let output = "";
  const url = await new Promise<string>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        output += text;
        const address = /http:\/\/(?:localhost|127\.0\.0\.1):\d+/.exec(output);
        if (address) resolve(address[0]);
      });
    }
    child.once("error", reject);
    void ended.then((code) => reject(new Error(`${command} ended (${code}) before it listened:\n${output}`)));
  }).finally(() => clearTimeout(deadline));

  return {
    url,
    output: () => output,
    async interrupt(signal, whom = "group") {
      process.kill(whom === "group" ? group : -group, signal);
      const code = await ended;
      // An orphan that has ended stays in the group until the system's first process has taken note.
      for (let i = 0; i < 40 && alive(group); i++) await new Promise((resolve) => setTimeout(resolve, 50));
      return { code, output, leftovers: alive(group) };
    },
    kill,
  };
}

function alive(group: number): boolean {
  try {
    return process.kill(group, 0);
  } catch {
    return false;
  }
}
