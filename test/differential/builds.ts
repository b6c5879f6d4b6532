/**
 * A build of the library, as the programs use it: the core, and the features that look into it.
 *
 * @module
 */

type Call = (...args: unknown[]) => unknown;

/** The names that programs use. Their types say more than a random program could keep to. */
export interface Core {
  createContainer(...args: unknown[]): ScopeLike;
  token(name: string): object;
  readonly value: Call;
  readonly singleton: Call;
  readonly scoped: Call;
  readonly transient: Call;
  readonly alias: Call;
  readonly optional: Call;
  readonly all: Call;
  readonly one: Call;
  readonly map: Call;
  readonly defer: Call;
  readonly ref: Call;
  readonly parent: Call;
  readonly make: Call;
  readonly assisted: Call;
  readonly arg: Call;
  readonly decorate: Call;
  readonly fallback: Call;
  readonly currentScope: object;
  readonly abortSignal: object;
  readonly stopSignal: object;
  readonly consumer: object;
  readonly cleanup: object;
  pathOf(error: unknown): readonly { readonly token: string; readonly scope: string }[];
}

export interface Features {
  observe(scope: ScopeLike, observer: object): () => void;
  release(scope: ScopeLike, ...more: unknown[]): Promise<unknown>;
  reload(scope: ScopeLike, ...more: unknown[]): Promise<unknown>;
  withdraw(scope: ScopeLike, ...more: unknown[]): Promise<unknown>;
  graph(scope: ScopeLike): unknown;
  listPending(scope: ScopeLike): readonly object[];
  listBuilt(scope: ScopeLike): readonly object[];
  layers(policy: object): unknown;
  warm(scope: ScopeLike, options?: object): Promise<void>;
  createApp(scope: ScopeLike): { start(): Promise<unknown>; stop(reason?: unknown): Promise<unknown> };
}

export interface ScopeLike {
  readonly name: string;
  readonly id: string;
  readonly state: string;
  readonly parent?: ScopeLike | undefined;
  readonly root: ScopeLike;
  readonly children: Iterable<ScopeLike>;
  get(need: unknown): unknown;
  getAsync(need: unknown, options?: object): Promise<unknown>;
  has(need: unknown): boolean;
  run(need: unknown, fn: Call): unknown;
  runAsync(need: unknown, fn: Call): Promise<unknown>;
  provide(...providers: unknown[]): ScopeLike;
  override(...providers: unknown[]): ScopeLike;
  createScope(...args: unknown[]): ScopeLike;
  shutdown(options?: object): Promise<Report>;
}

export interface Report {
  readonly ok: boolean;
  readonly elapsed: number;
  readonly services: readonly Readonly<Record<string, unknown>>[];
}

export interface Build {
  readonly name: string;
  readonly core: Core;
  /** Opens the containers that a program marks `other`. */
  readonly other: Core["createContainer"];
  readonly features: Features;
}
