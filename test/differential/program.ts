/**
 * Programs: what is run on two builds, as plain data.
 *
 * Nothing in a program is a function, so that it can be drawn from a seed, made smaller, and read: `show` writes it down.
 * Every part refers to others by number, and a part that refers to what is not there does nothing: so parts can be taken
 * out one by one.
 *
 * @module
 */

/** A dependency: the number of a token, or a combinator over others. */
export type Need = number | Combined;

export interface Combined {
  readonly c:
    | "optional"
    | "all"
    | "one"
    | "map"
    | "defer"
    | "ref"
    | "parent"
    | "make"
    | "assisted"
    | "currentScope"
    | "abortSignal"
    | "stopSignal"
    | "consumer"
    | "cleanup"
    | "tuple"
    | "record"
    | "arg"
    | "bad";
  /** A token. */
  readonly t?: number;
  /** What it is made of. */
  readonly of?: readonly Need[];
  readonly tag?: string;
  /** Of `make`: the number of a provider. */
  readonly p?: number;
  /** Of `map` and `assisted`: what the function does. */
  readonly body?: Body;
}

/** What a callback does: it says that it was called, then it acts, and then it gives something. */
export interface Body {
  readonly acts?: readonly Act[];
  /** In an asynchronous one: after it has waited. */
  readonly late?: readonly Act[];
  /** At which calls it throws, and what. `at: 0` is every call. */
  readonly throws?: readonly { readonly at: number; readonly what: Thrown }[];
  /** How it answers: at once, by a promise, or when a gate is opened; `at` says at which call, 0 at all of them. */
  readonly answers?: { readonly at: number; readonly how: Answer };
  readonly gives?: { readonly at: number; readonly what: Given };
}

export type Thrown = "error" | "same" | "text" | "nothing" | "frozen" | "caught" | "abort";
export type Answer = "promise" | "async" | "gate" | "late failure" | "thenable" | "never";
export type Given =
  | "undefined"
  | "null"
  | "zero"
  | "text"
  | "function"
  | "disposable"
  | "async disposable"
  | "both"
  | "own disposable"
  | "half"
  | "getter"
  | "thenable object"
  | "frozen"
  | "proxy"
  | "same"
  | "shared"
  | "argument"
  | "scope"
  | "open scope";

/** A token: a class, or made by `token`. */
export interface TokenPlan {
  readonly cls?: "rest" | "fixed" | "es5";
  /** The number of the class that it extends. */
  readonly base?: number;
  /** What its constructor does. */
  readonly body?: Body;
  /** The symbols that instances have. */
  readonly disp?: "sync" | "async" | "both";
  /** What the methods under these symbols do. */
  readonly undo?: Body;
}

export type Kind = "value" | "singleton" | "scoped" | "transient" | "alias";

export interface Options {
  /** How many parameters the disposer has; "rest" and "default" are seen as one. */
  readonly dispose?: false | { readonly arity: number | "rest" | "default"; readonly body: Body };
  readonly stop?: { readonly arity: number; readonly body: Body };
  readonly start?: Body;
  readonly init?: Body;
  readonly owned?: boolean;
  readonly as?: readonly number[];
  readonly tags?: readonly string[];
  readonly order?: number;
  readonly default?: boolean;
  readonly after?: readonly Need[];
  readonly eager?: boolean;
  readonly in?: string;
  readonly layer?: string;
  readonly bad?: boolean;
}

export interface ProviderPlan {
  readonly kind: Kind;
  readonly t: number;
  /** A class with a list, a factory with a list or a record, a factory that is given a resolver. */
  readonly form: "class" | "list" | "record" | "dynamic";
  readonly needs: readonly Need[];
  readonly body?: Body;
  readonly undo?: Body;
  readonly opts?: Options;
  readonly wrap?: readonly ({ readonly decorate: readonly Need[]; readonly body: Body } | "fallback")[];
}

/** What stands in a list of providers: the number of a provider, a fresh value, a list, a policy, or nonsense. */
export type Entry =
  | number
  | { readonly v: number; readonly what?: Given; readonly keep?: "owned" | "dispose" | "borrowed" }
  | readonly Entry[]
  | "policy"
  | "undefined"
  | "nonsense";

/** A scope: its number, or in words where it is seen from what runs right now. */
export type Where = number | "here" | "root" | "parent" | "child" | "latest" | "any";

/** One thing that is done, from outside or by a callback. */
export interface Act {
  readonly do:
    | "create"
    | "open"
    | "get"
    | "getAsync"
    | "has"
    | "run"
    | "runAsync"
    | "kept"
    | "provide"
    | "override"
    | "shutdown"
    | "abort"
    | "settle"
    | "observe"
    | "unobserve"
    | "release"
    | "reload"
    | "withdraw"
    | "graph"
    | "pending"
    | "look"
    | "listen"
    | "tick"
    | "idle"
    | "time"
    | "throw"
    | "onCleanup"
    | "warm"
    | "app";
  /** Of a callback's act: at which call; 0 at every call. */
  readonly at?: number;
  /** Of a callback's act: errors end here. Else the callback fails with them. */
  readonly swallow?: boolean;
  readonly in?: Where;
  /** Of what opens a scope: the number by which others refer to it. */
  readonly id?: number;
  readonly name?: string;
  readonly list?: readonly Entry[];
  readonly need?: Need;
  /** Through the resolver that the callback was given, if it was. */
  readonly own?: boolean;
  /** In an asynchronous callback, or from outside: waits for the promise. */
  readonly wait?: boolean;
  readonly signal?: "aborted" | "later";
  readonly timeout?: number;
  readonly reason?: boolean;
  /** Of a shutdown: by the symbol of `await using`. */
  readonly using?: boolean;
  readonly n?: number;
  readonly op?: "get" | "getAsync" | "has" | "call" | "start" | "stop";
  readonly t?: number;
  readonly p?: number;
  readonly what?: Thrown;
  readonly body?: Body;
  /** Of `create`: by the other build, where there is one. */
  readonly other?: boolean;
}

/** An observer: what its methods do. */
export type ObserverPlan = Readonly<Partial<Record<string, Body>>>;

export interface Program {
  readonly seed: number;
  readonly family: string;
  readonly tokens: readonly TokenPlan[];
  readonly providers: readonly ProviderPlan[];
  readonly observers: readonly ObserverPlan[];
  readonly steps: readonly Act[];
  /** How many turns of the queue of microtasks come after each step. */
  readonly pace: number;
}

// ---- Writing down

export function show(program: Program): string {
  const { seed, family, pace, tokens, providers, observers, steps } = program;
  const used = usedBy(program);
  const isUsed = (kind: string) => (_: unknown, at: number) => used.has(kind + at);
  const lines = [
    ...tokens.map((it, at) => `t${at}: ${showToken(it)}`).filter(isUsed("t")),
    ...providers.map((it, at) => `p${at}: ${showProvider(it)}`).filter(isUsed("p")),
    ...observers.map((it, at) => `o${at}: ${showParts(it as Record<string, Body>)}`).filter(isUsed("o")),
    ...steps.map((it, at) => `#${at} ${showAct(it)}`),
  ];
  return [`seed ${seed}, ${family}, pace ${pace}`, ...lines.map((it) => `  ${it}`)].join("\n");
}

/** What the steps lead to: parts that nothing mentions are not worth reading. */
function usedBy({ tokens, providers, observers, steps }: Program): Set<string> {
  const used = new Set<string>();
  const use = (name: string, plan: unknown) => {
    if (plan === undefined || used.has(name)) return;
    used.add(name);
    walk(plan);
  };
  const token = (it: unknown) => {
    if (typeof it === "number") use(`t${it % tokens.length}`, tokens[it % tokens.length]);
    else walk(it);
  };
  function walk(it: unknown, key = ""): void {
    if (Array.isArray(it)) {
      for (const one of it as unknown[]) {
        if (typeof one === "number" && key === "list") use(`p${one}`, providers[one]);
        else if (Array.isArray(one)) walk(one, key);
        else token(one);
      }
    } else if (Object(it) === it) {
      const parts = it as Record<string, unknown>;
      for (const name in parts) {
        const part = parts[name];
        if (name === "t" || name === "v" || name === "need" || name === "base") token(part);
        else if (name === "p") use(`p${String(part)}`, providers[part as number]);
        else if (name === "n" && parts["do"] === "observe")
          use(`o${String(part)}`, observers[part as number]);
        else walk(part, name);
      }
    }
  }
  walk(steps);
  return used;
}

function showToken({ cls, base, body, disp, undo }: TokenPlan): string {
  if (!cls) return "token()";
  const parts = [cls, base === undefined ? "" : `extends t${base}`, disp ? `[${disp} dispose]` : ""];
  return `class ${parts.filter(Boolean).join(" ")} ${showBody(body)}${undo ? ` undo ${showBody(undo)}` : ""}`;
}

function showProvider({ kind, t, form, needs, body, undo, opts, wrap }: ProviderPlan): string {
  const list =
    form === "dynamic" ? "" : `, ${form === "record" ? "{" : "["}${needs.map(showNeed).join(", ")}]`;
  const made = `${kind}(t${t}${list}, ${form})`;
  const extra = [
    body ? showBody(body) : "",
    undo ? `undo ${showBody(undo)}` : "",
    opts ? JSON.stringify(opts) : "",
    wrap ? `wrapped ${JSON.stringify(wrap)}` : "",
  ];
  return [made, ...extra].filter(Boolean).join(" ");
}

function showParts(parts: Readonly<Record<string, Body>>): string {
  return Object.entries(parts)
    .map(([name, body]) => `${name} ${showBody(body)}`)
    .join("; ");
}

function showBody(body: Body | undefined): string {
  if (!body) return "{}";
  const { acts = [], late = [], throws = [], answers, gives } = body;
  const when = (at: number | undefined) => (at ? `@${at} ` : "");
  const parts = [
    ...acts.map((it) => when(it.at) + showAct(it)),
    ...throws.map((it) => `${when(it.at)}throw ${it.what}`),
    answers ? `${when(answers.at)}answer by ${answers.how}` : "",
    ...late.map((it) => `later ${when(it.at)}${showAct(it)}`),
    gives ? `${when(gives.at)}give ${gives.what}` : "",
  ];
  const text = parts.filter(Boolean).join("; ");
  return text ? `{ ${text} }` : "{}";
}

export function showNeed(need: Need | undefined): string {
  if (need === undefined) return "";
  if (typeof need === "number") return `t${need}`;
  const { c, t, of, tag, p, body } = need;
  const parts = [
    t === undefined ? "" : `t${t}`,
    ...(of ?? []).map(showNeed),
    tag ? `tag ${tag}` : "",
    p === undefined ? "" : `p${p}`,
    body ? showBody(body) : "",
  ];
  return `${c}(${parts.filter(Boolean).join(", ")})`;
}

export function showAct(act: Act): string {
  const { do: what, at: _, in: where, need, list, body, id, ...rest } = act;
  const parts = [
    where === undefined ? "" : typeof where === "number" ? `s${where}` : where,
    id === undefined ? "" : `=> s${id}`,
    need === undefined ? "" : showNeed(need),
    list ? JSON.stringify(list) : "",
    body ? showBody(body) : "",
    Object.keys(rest).length > 0 ? JSON.stringify(rest) : "",
  ];
  return `${what}(${parts.filter(Boolean).join(" ")})`;
}
