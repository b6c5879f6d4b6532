// Connections to a server, byte for byte: what a client keeps open, and what becomes of it.
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { onTestFinished } from "vitest";

export interface Connection {
  readonly socket: Socket;
  /** Sends a request for the path, which asks for the connection to be kept. */
  ask(path: string): void;
  /** What came back so far. */
  readonly answer: string;
  /** How often something stands in what came back so far. */
  answers(this: void, what: string): number;
  /** How many bytes came back so far. */
  readonly bytes: number;
  /** Resolves when the other side has closed the connection. */
  readonly closed: Promise<void>;
}

/** Opens a connection. Rejects when it is refused. */
export async function open(port: number): Promise<Connection> {
  const socket = connect(port, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  let answer = "";
  let bytes = 0;
  socket.on("data", (chunk) => {
    bytes += chunk.length;
    if (answer.length < 1_000_000) answer += chunk.toString("latin1");
  });
  const closed = new Promise<void>((resolve) => socket.on("close", () => resolve()));
  await new Promise<void>((resolve, reject) => socket.once("connect", resolve).once("error", reject));
  // From here on an error is a connection that was cut.
  socket.on("error", () => {});
  return {
    socket,
    ask: (path) => void socket.write(`GET ${path} HTTP/1.1\r\nhost: shop.example\r\n\r\n`),
    get answer() {
      return answer;
    },
    answers: (what) => answer.split(what).length - 1,
    get bytes() {
      return bytes;
    },
    closed,
  };
}

/** Resolves when new connections to the port are refused; those that are not are never answered. */
export async function refused(port: number): Promise<void> {
  for (let end = performance.now() + 2_000; performance.now() < end; await sleep(10)) {
    try {
      await open(port);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "ECONNREFUSED") return;
      // It waited to be accepted when the server closed its port. The next one is refused.
      if (code !== "ECONNRESET") throw error;
    }
  }
  throw new Error("still accepts connections");
}
