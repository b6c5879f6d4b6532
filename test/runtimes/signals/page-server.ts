// The server of the page that lies beside this file. It keeps what the page tells it, which it does by beacons: the way in
// which a page's last words get out.
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

export interface PageServer {
  readonly origin: string;
  /** What the page has told, in order. */
  readonly log: string[];
  /** Resolves when the page has told this, for the given time. */
  told(line: string, times?: number): Promise<void>;
  close(): void;
}

export async function servePage(folder: string): Promise<PageServer> {
  const log: string[] = [];
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://localhost").pathname;
    if (path === "/log") {
      void bodyOf(request).then((line) => {
        log.push(line);
        response.writeHead(204).end();
      });
      return;
    }
    const content = contentOf(path, folder);
    response.writeHead(content === undefined ? 404 : 200, {
      "content-type": /\.m?js$/.test(path) ? "text/javascript" : "text/html",
    });
    response.end(content);
  });
  await listening(server);

  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    log,
    async told(line, times = 1) {
      const deadline = Date.now() + 10_000;
      while (log.filter((it) => it === line).length < times) {
        if (Date.now() > deadline) throw new Error(`never told "${line}", only ${JSON.stringify(log)}`);
        await pause(5);
      }
    },
    close: () => void server.close(),
  };
}

function contentOf(path: string, folder: string): string | undefined {
  if (path === "/elsewhere") return `<!doctype html><link rel="icon" href="data:,"><title>elsewhere</title>`;
  const [, module] = /^\/thimble\/(.+\.js)$/.exec(path) ?? [];
  if (module) return readFileSync(join(folder, "node_modules/thimble/dist", module), "utf8");
  const own = ["/page.html", "/page.mjs", "/settings.html"].find((name) => name === path);
  return own && readFileSync(join(folder, own), "utf8");
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = "";
  for await (const text of request.setEncoding("utf8")) body += text;
  return body;
}

function listening(server: Server): Promise<void> {
  return new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
}
