// Hosts to hand to the adapters: of each runtime the part that its adapter uses, driven by hand.

type Handler = (...args: never[]) => void;

/** Who listens to what, and a way to call them. */
class Handlers {
  readonly #byName = new Map<string, Set<Handler>>();

  add(name: string, handler: Handler): void {
    if (!this.#byName.has(name)) this.#byName.set(name, new Set());
    this.#byName.get(name)!.add(handler);
  }

  remove(name: string, handler: Handler): void {
    this.#byName.get(name)?.delete(handler);
  }

  call(name: string, ...args: unknown[]): void {
    // A snapshot, as in every runtime: who comes meanwhile is not called.
    for (const handler of [...(this.#byName.get(name) ?? [])]) handler(...(args as never[]));
  }

  names(): string[] {
    return [...this.#byName].filter(([, handlers]) => handlers.size > 0).map(([name]) => name);
  }

  count(): number {
    return [...this.#byName.values()].reduce((sum, { size }) => sum + size, 0);
  }
}

/** A `process` as Node and Bun have it: a handler is told the signal's name and number. */
export class FakeProcess {
  readonly handlers: Handlers = new Handlers();
  readonly exits: number[] = [];

  on(name: string, handler: Handler): void {
    if (name === "SIGPROF") throw new Error("uv_signal_start EINVAL");
    this.handlers.add(name, handler);
  }

  off(name: string, handler: Handler): void {
    this.handlers.remove(name, handler);
  }

  exit(code: number): void {
    this.exits.push(code);
  }
}

/** A `process` that tells which signals its system has, and whether this is its main thread. */
export class FakeThread extends FakeProcess {
  readonly #isMainThread: boolean;

  constructor({ isMainThread }: { isMainThread: boolean }) {
    super();
    this.#isMainThread = isMainThread;
  }

  getBuiltinModule(id: string): object {
    if (id === "node:worker_threads") return { isMainThread: this.#isMainThread };
    if (id === "node:os") return { constants: { signals: { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } } };
    throw new Error(`not expected: ${id}`);
  }
}

/** `Deno`: a handler is told nothing, and a signal that the system does not know is refused on the way in and out. */
export class FakeDeno {
  readonly handlers: Handlers = new Handlers();
  readonly exits: number[] = [];
  readonly build: { os: string };

  constructor(os = "linux") {
    this.build = { os };
  }

  addSignalListener(name: string, handler: Handler): void {
    this.#check(name);
    this.handlers.add(name, handler);
  }

  removeSignalListener(name: string, handler: Handler): void {
    this.#check(name);
    this.handlers.remove(name, handler);
  }

  exit(code: number): void {
    this.exits.push(code);
  }

  #check(name: string): void {
    if (this.build.os === "windows" && !["SIGINT", "SIGBREAK", "SIGHUP"].includes(name))
      throw new TypeError(`Windows only supports SIGINT, SIGBREAK and SIGHUP, but got ${name}`);
  }
}

/** `Deno.env` under permissions: all variables, some, or none may be read. */
export class FakeDenoEnv {
  readonly #variables: Record<string, string>;
  readonly #allowed: readonly string[] | "all";

  constructor(variables: Record<string, string>, allowed: readonly string[] | "all" = "all") {
    this.#variables = variables;
    this.#allowed = allowed;
  }

  get(name: string): string | undefined {
    if (this.#allowed !== "all" && !this.#allowed.includes(name)) throw notCapable(`env access to "${name}"`);
    return Object.hasOwn(this.#variables, name) ? this.#variables[name] : undefined;
  }

  toObject(): Record<string, string> {
    if (this.#allowed !== "all") throw notCapable("env access");
    return { ...this.#variables };
  }
}

function notCapable(what: string): Error {
  const error = new Error(`Requires ${what}, run again with the --allow-env flag`);
  error.name = "NotCapable";
  return error;
}

/** A `window`, with what its author wrote into it. */
export class FakePage {
  readonly handlers: Handlers = new Handlers();
  readonly __ENV__?: object;
  readonly document: {
    visibilityState: string;
    currentScript: { tagName: string; dataset: Record<string, string> } | null;
    querySelector(selector: string): { textContent: string } | null;
  };

  constructor({
    json,
    data,
    global,
  }: { json?: string; data?: Record<string, string>; global?: object } = {}) {
    if (global) this.__ENV__ = global;
    this.document = {
      visibilityState: "visible",
      currentScript: data ? { tagName: "SCRIPT", dataset: data } : null,
      querySelector: (selector) =>
        json !== undefined && selector === 'script[type="application/json"]#env'
          ? { textContent: json }
          : null,
    };
  }

  addEventListener(type: string, handler: Handler): void {
    this.handlers.add(type, handler);
  }

  removeEventListener(type: string, handler: Handler): void {
    this.handlers.remove(type, handler);
  }

  hide(visibilityState: "hidden" | "visible"): void {
    this.document.visibilityState = visibilityState;
    this.handlers.call("visibilitychange", { type: "visibilitychange" });
  }

  leave({ persisted }: { persisted: boolean }): void {
    this.handlers.call("pagehide", { type: "pagehide", persisted });
  }
}

/** What a Worker's handler, or a service worker's event, is given. */
export class FakeEvent {
  readonly waitedFor: Promise<unknown>[] = [];

  waitUntil(work: Promise<unknown>): void {
    this.waitedFor.push(work);
  }
}

/** An `AbortSignal` that shows who listens to it. */
export class FakeAbortSignal {
  readonly handlers: Handlers = new Handlers();
  aborted = false;
  reason: unknown;

  addEventListener(type: "abort", listener: () => void): void {
    this.handlers.add(type, listener);
  }

  removeEventListener(type: "abort", listener: () => void): void {
    this.handlers.remove(type, listener);
  }

  abort(reason: unknown): void {
    this.aborted = true;
    this.reason = reason;
    this.handlers.call("abort");
  }
}

interface FakeSocket {
  destroyed: boolean;
  bytesRead: number;
  writableLength: number;
  _httpMessage?: object | undefined;
  destroy(): void;
}

interface FakeConnection {
  socket: FakeSocket;
  isReceiving: boolean;
}

/** A server of `node:http`, with the list of connections that Node keeps, as far as it is given one. */
export class FakeNodeServer {
  readonly handlers: Handlers = new Handlers();
  readonly calls: string[] = [];
  readonly #connections: FakeConnection[] = [];
  #listening: boolean;
  #closed: ((error?: Error) => void)[] = [];

  constructor({ listening = true, listed = true }: { listening?: boolean; listed?: boolean } = {}) {
    this.#listening = listening;
    if (listed) {
      const open = (): FakeConnection[] => this.#connections.filter(({ socket }) => !socket.destroyed);
      const list = { all: open, idle: () => open().filter((it) => !it.isReceiving) };
      Object.defineProperty(this, Symbol("http.server.connections"), { value: list });
    }
  }

  listen(): void {
    this.#listening = true;
  }

  connect(socket: Partial<FakeSocket> = {}, isReceiving = false): FakeSocket {
    const it = {
      destroyed: false,
      bytesRead: 1,
      writableLength: 0,
      destroy: () => {
        it.destroyed = true;
        this.#closeIfOver();
      },
      ...socket,
    };
    this.#connections.push({ socket: it, isReceiving });
    return it;
  }

  close(closed: (error?: Error) => void): void {
    this.calls.push("close");
    this.closeIdleConnections();
    if (!this.#listening) return void queueMicrotask(() => closed(new Error("Server is not running.")));
    this.#closed.push(closed);
    this.#closeIfOver();
  }

  closeIdleConnections(): void {
    this.calls.push("closeIdleConnections");
  }

  closeAllConnections(): void {
    this.calls.push("closeAllConnections");
    for (const { socket } of this.#connections) socket.destroy();
  }

  on(name: string, handler: Handler): void {
    this.handlers.add(name, handler);
  }

  prependListener(name: string, handler: Handler): void {
    this.handlers.add(name, handler);
  }

  off(name: string, handler: Handler): void {
    this.handlers.remove(name, handler);
  }

  #closeIfOver(): void {
    if (this.#closed.length === 0 || this.#connections.some(({ socket }) => !socket.destroyed)) return;
    this.#listening = false;
    for (const closed of this.#closed.splice(0)) queueMicrotask(closed);
  }
}
