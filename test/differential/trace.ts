/**
 * Traces: everything that a program can see, as lines of text.
 *
 * Instances, errors and signals are told apart by labels, given where they are made or when they are first seen, so that
 * two runs of one program give the same lines, and a line tells which object it is about.
 *
 * @module
 */

import type { Core, Report, ScopeLike } from "./builds.ts";

/** A trace that is longer is cut: a program may go on for ever. */
const maxLines = 1500;

/** What programs keep, to use it later. */
export interface Kept {
  readonly it: Record<string, (...args: unknown[]) => unknown> | ((...args: unknown[]) => unknown);
  readonly label: string;
}

export class Trace {
  readonly lines: string[] = [];
  isFull = false;
  readonly labels = new Map<unknown, string>();
  /** Resolvers, what `defer` gives, and functions of the library, in the order in which they were first seen. */
  readonly kept: Kept[] = [];
  readonly signals: AbortSignal[] = [];
  readonly #pathOf: Core["pathOf"];
  #errors = 0;

  constructor(pathOf: Core["pathOf"]) {
    this.#pathOf = pathOf;
  }

  add(line: string): void {
    if (this.lines.length < maxLines) this.lines.push(line);
    else this.isFull = true;
  }

  label<T>(it: T, label: string): T {
    this.labels.set(it, label);
    return it;
  }

  /** A value in words. */
  of(it: unknown): string {
    switch (typeof it) {
      case "object":
        return it === null ? "null" : (this.labels.get(it) ?? this.#object(it));
      case "function":
        return this.labels.get(it) ?? this.#function(it as never);
      case "string":
        return JSON.stringify(it);
      default:
        return String(it);
    }
  }

  list(all: readonly unknown[]): string {
    let text = "";
    for (let at = 0; at < all.length; at++) text += (at ? ", " : "") + this.of(all[at]);
    return text;
  }

  #object(it: object): string {
    if (Array.isArray(it)) return `[${this.list(it)}]`;
    if (it instanceof Error) return this.error(it);
    if (it instanceof Promise) return "promise";
    if (it instanceof AbortSignal) {
      const label = `signal${this.signals.length}`;
      this.signals.push(it);
      this.labels.set(it, label);
      return label + (it.aborted ? ` aborted by ${this.of(it.reason)}` : "");
    }
    const tag = (it as Record<symbol, unknown>)[Symbol.toStringTag];
    if (tag === "Scope") return (it as ScopeLike).id;
    if (tag === "GeneratorFunction" || tag === "Map") return String(tag);
    const parts = it as Record<string, unknown>;
    const { get, getAsync, has } = parts;
    if (typeof get === "function" && typeof getAsync === "function")
      return this.#keep(has ? "resolver" : "deferred", it as never);
    return `{${Object.keys(it)
      .map((key) => `${key}: ${key === "elapsed" ? "" : this.of(parts[key])}`)
      .join(", ")}}`;
  }

  #function(it: (...args: unknown[]) => unknown): string {
    return this.#keep("function", it);
  }

  #keep(what: string, it: Kept["it"]): string {
    const label = `${what}${this.kept.length}`;
    this.labels.set(it, label);
    // A program that keeps all of them would keep too many to hit one twice.
    this.kept.push({ it, label });
    return label;
  }

  /** What was thrown: the first time with all that it says, later by its label. */
  error(it: unknown): string {
    if (Object(it) !== it) return `thrown ${this.of(it)}`;
    let label = this.labels.get(it);
    if (label === undefined) {
      label = `E${this.#errors++}`;
      this.labels.set(it, label);
      this.#describe(label, it as Error & Record<string, unknown>);
    }
    let path = "";
    for (const step of this.#pathOf(it)) path += ` > ${step.token}@${step.scope}`;
    return label + path;
  }

  #describe(label: string, it: Error & Record<string, unknown>): void {
    const { name, message, code, hint, path, errors, report } = it;
    const isOurs = code !== undefined;
    // The words of an engine, which may have a stack in them.
    const said = name === "RangeError" ? "" : message;
    let text = `  ${label} = ${name} ${String(code)} ${JSON.stringify(said)}`;
    if (isOurs)
      text += ` hint ${message.includes(String(hint)) ? "in it" : this.of(hint)} path ${this.of(path)}`;
    if (it.cause !== undefined) text += ` cause ${this.error(it.cause)}`;
    if (errors) text += ` errors [${(errors as unknown[]).map((one) => this.error(one)).join(", ")}]`;
    if (report) text += ` report ${this.report(report as Report)}`;
    this.add(text);
  }

  /** A report, without times. */
  report({ ok, elapsed, services }: Report): string {
    let text = `${ok ? "ok" : "not ok"}${elapsed >= 0 ? "" : ` ELAPSED ${elapsed}`}`;
    for (const row of services) text += `; ${this.row(row)}`;
    return text;
  }

  row(row: Readonly<Record<string, unknown>>): string {
    let text = `${String(row["token"])} of ${String(row["scope"])} ${String(row["scopeId"])} ${String(row["outcome"])}`;
    if (!((row["elapsed"] as number) >= 0)) text += ` ELAPSED ${String(row["elapsed"])}`;
    for (const key in row) {
      if (key === "error") text += ` ${this.error(row[key])}`;
      else if (!/^(token|scope|scopeId|outcome|elapsed)$/.test(key)) text += ` ${key} ${this.of(row[key])}`;
    }
    return text;
  }
}
