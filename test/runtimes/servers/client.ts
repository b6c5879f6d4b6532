// Clients of a server of this folder, down to the packets that they leave with, and what its log says of them.
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { open } from "../signals/connection.ts";
import { type Child, type Runtime, start } from "../signals/child.ts";

export interface Serving {
  readonly port: number;
  /** What the server has said about a request so far, without its id. */
  of(id: string): string[];
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
  return {
    port,
    of,
    async ending(id) {
      const deadline = performance.now() + 8_000;
      while (!of(id).some(isClosed)) {
        if (performance.now() > deadline) throw new Error(`${id} was never closed: ${of(id).join(", ")}`);
        await sleep(10);
      }
      // Time for what must not come: a second end, or work without services.
      await sleep(100);
      return of(id);
    },
  };
}

/** Starts a server of server.mjs. */
export async function serve(cwd: string, runtime: Runtime, kind: string): Promise<Serving & Child> {
  const flags = runtime === "deno" ? ["-A", "--node-modules-dir=manual"] : [];
  const child = start(runtime, ["server.mjs", kind], { cwd, flags });
  await child.said("listening ");
  const line = child.lines().find((it) => it.startsWith("listening "));
  return { ...child, ...reading(Number(line!.split(" ")[1]), child.lines) };
}

export const at = ({ port }: Serving, path: string): string => `http://127.0.0.1:${port}${path}`;

/** How a client ends its connection: with a FIN, or with a RST. */
export type Leaving = "FIN" | "RST";

/** Requests a path and leaves when the server has said this line about it. */
export async function leave(server: Serving, id: string, path: string, by: Leaving, when: string): Promise<void> {
  const { socket, ask } = await open(server.port);
  ask(`${path}?id=${id}`);
  const deadline = performance.now() + 8_000;
  while (!server.of(id).includes(when)) {
    if (performance.now() > deadline) throw new Error(`${id} never said "${when}"`);
    await sleep(5);
  }
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

/** The cells of the table in the README for a server that runs already. */
export async function rowOf(server: Serving, name: string): Promise<Record<string, string>> {
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
    HEAD: endOf(head.filter((it) => it !== "body over")),
    error: endOf(error),
  };
}
