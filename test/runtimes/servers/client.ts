// Clients of a server of this folder, down to the packets that they leave with, and what its log says of them.
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished } from "vitest";
import { open } from "../signals/connection.ts";
import { type Child, type Runtime, start } from "../signals/child.ts";
import type { Row } from "./table.ts";

export interface Serving {
  readonly port: number;
  /** What the server has said about a request so far, without its id. */
  of(id: string): string[];
  /** Resolves when the server has said this about a request. */
  heard(id: string, what: string): Promise<void>;
  /** Resolves to what the server has said about a request when its scope has closed, and nothing follows. */
  ending(id: string): Promise<string[]>;
}

/** Reads the log of a server. */
export function reading(port: number, lines: () => readonly string[]): Serving {
  const of = (id: string): string[] =>
    lines()
      .filter((line) => line.startsWith(`${id} `))
      .map((line) => line.slice(id.length + 1));
  const isClosed = (line: string): boolean => line.startsWith("closed");
  const until = async (id: string, what: string, isThere: (line: string) => boolean): Promise<void> => {
    for (const deadline = performance.now() + 10_000; !of(id).some(isThere); await sleep(5)) {
      if (performance.now() < deadline) continue;
      throw new Error(`"${id} ${what}" was never said, only: ${of(id).join(", ")}`);
    }
  };
  return {
    port,
    of,
    heard: (id, what) => until(id, what, (line) => line === what),
    async ending(id) {
      await until(id, "closed", isClosed);
      // Time for what must not come: a second end, or work without services.
      await sleep(100);
      return of(id);
    },
  };
}

/** Starts a server of server.mjs, or of another program. */
export async function serve(
  cwd: string,
  runtime: Runtime,
  kind: string,
  until: (end: () => void) => void = onTestFinished,
  program = "server.mjs",
): Promise<Serving & Child> {
  const flags = runtime === "deno" ? ["-A", "--node-modules-dir=manual"] : [];
  const child = start(runtime, [program, kind], { cwd, flags, until });
  await child.said("listening ");
  const line = child.lines().find((it) => it.startsWith("listening "));
  return { ...child, ...reading(Number(line!.split(" ")[1]), child.lines) };
}

export const at = ({ port }: Serving, path: string): string => `http://127.0.0.1:${port}${path}`;

/** How a client ends its connection: with a FIN, or with a RST. */
export type Leaving = "FIN" | "RST";

/** Requests a path and leaves when the server has said this line about it. */
export async function leave(
  server: Serving,
  id: string,
  path: string,
  by: Leaving,
  when: string,
): Promise<void> {
  const { socket, ask } = await open(server.port);
  ask(`${path}?id=${id}`);
  await server.heard(id, when);
  await sleep(10);
  if (by === "RST") socket.resetAndDestroy();
  else socket.destroy();
}

/** How the scope of a request ended, in the words of the README: after what, and how often. */
export function endOf(said: readonly string[]): string {
  const ends = said.filter((it) => it.startsWith("closed"));
  expect(said.filter((it) => it.includes("WITHOUT"))).toEqual([]);
  const last = said[said.indexOf(ends[0]!) - 1];
  const after = last === "body over" ? "its body" : last === "handler over" ? "its handler" : last;
  const reason = ends[0] === "closed" ? "" : `, with ${ends[0]!.slice("closed: ".length)}`;
  return `after ${after}${reason}, ${ends.length === 1 ? "once" : `${ends.length} times`}`;
}

/** The cells of the table in the README for a server that goes on running. */
export async function rowOf(server: Serving, name: string): Promise<Omit<Row, "shutdown meanwhile">> {
  const get = async (id: string, path: string, init?: RequestInit): Promise<string> => {
    const response = await fetch(at(server, `${path}?id=${id}`), init);
    return response.text().catch(() => "");
  };
  const id = (what: string): string => `${name}-${what}`;
  const [read, fin, rst, finEarly, head, error] = await Promise.all([
    get(id("read"), "/stream").then(async () => server.ending(id("read"))),
    leave(server, id("fin"), "/endless", "FIN", "step 1").then(async () => server.ending(id("fin"))),
    leave(server, id("rst"), "/endless", "RST", "step 1").then(async () => server.ending(id("rst"))),
    leave(server, id("early"), "/slow", "FIN", "asked").then(async () => server.ending(id("early"))),
    get(id("head"), "/stream", { method: "HEAD" }).then(async () => server.ending(id("head"))),
    get(id("error"), "/throw").then(async () => server.ending(id("error"))),
  ]);
  return {
    "read to the end": endOf(read),
    "client gone with FIN": endOf(fin),
    "with RST": endOf(rst),
    "before the handler is done": endOf(finEarly),
    HEAD: endOf(head),
    error: endOf(error),
  };
}
