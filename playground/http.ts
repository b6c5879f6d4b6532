/**
 * node:http, spoken in terms of Request and Response. Deno and Bun do this by
 * themselves; Node leaves it to libraries, and here forty lines are enough.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";

export interface Listening {
  readonly url: string;
  readonly server: Server;
}

/** @param port 0 for any that is free */
export async function serve(
  fetch: (request: Request) => Promise<Response>,
  port: number,
): Promise<Listening> {
  const server = createServer((incoming, outgoing) => void answer(fetch, incoming, outgoing));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "localhost", resolve);
  });

  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    server,
  };
}

async function answer(
  fetch: (request: Request) => Promise<Response>,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const response = await responseTo(incoming, fetch);
  // Who is answered before all was said would say the rest to a connection that nobody reads.
  if (!incoming.complete) outgoing.setHeader("connection", "close");
  response.headers.forEach((value, name) => outgoing.appendHeader(name, value));
  outgoing.writeHead(response.status);
  if (response.body && incoming.method !== "HEAD") {
    // A visitor who hangs up ends the stream with an error, and that is no news.
    Readable.fromWeb(response.body as never)
      .on("error", () => outgoing.destroy())
      .pipe(outgoing);
  } else {
    outgoing.end();
  }
}

async function responseTo(
  incoming: IncomingMessage,
  fetch: (request: Request) => Promise<Response>,
): Promise<Response> {
  let request: Request;
  try {
    request = requestOf(incoming);
  } catch {
    return new Response("That is no request for a page", { status: 400 });
  }
  try {
    return await fetch(request);
  } catch (error) {
    console.error(error);
    return new Response("Something went wrong", { status: 500 });
  }
}

/** @throws when it has a method, a host or a path that no browser would send. */
function requestOf(incoming: IncomingMessage): Request {
  const { method = "GET", headers, url = "/" } = incoming;
  const host = headers.host ?? "localhost";
  // Joined as text: resolved against a base, a path such as `//elsewhere/` would change the host.
  return new Request(`http://${host}${url}`, {
    method,
    headers: Object.entries(headers).flatMap(([name, value = ""]) =>
      [value].flat().map((one): [string, string] => [name, one]),
    ),
    ...(method !== "GET" && method !== "HEAD" && { body: Readable.toWeb(incoming) as never, duplex: "half" }),
  });
}
