/**
 * The small shop that the type tests of this folder are about. Nothing here runs.
 */

import { type Token, token } from "thimble";

export interface Config {
  readonly dbUrl: string;
}
export interface Logger {
  log(line: string): void;
}
export interface Mailer {
  send(to: string, text: string): Promise<void>;
}

export const Config: Token<Config> = token("config");
export const Logger: Token<Logger> = token("logger");
export const Mailer: Token<Mailer> = token("mailer");
export const Port: Token<number> = token("port");
export const Host: Token<string> = token("host");

export class Db {
  readonly #url: string;
  constructor(url: string) {
    this.#url = url;
  }
  static open(url: string): Promise<Db> {
    return Promise.resolve(new Db(url));
  }
  close(): Promise<void> {
    return Promise.resolve(console.log(this.#url));
  }
}

export class SmtpMailer implements Mailer {
  readonly #config: Config;
  constructor(config: Config) {
    this.#config = config;
  }
  send(to: string, text: string): Promise<void> {
    return Promise.resolve(console.log(this.#config, to, text));
  }
}

export class Users {
  readonly #parts: unknown[];
  constructor(db: Db, mailer: Mailer) {
    this.#parts = [db, mailer];
  }
  count(): number {
    return this.#parts.length;
  }
}

/** One per request. */
export class Session {
  readonly #request: Request;
  constructor(request: Request) {
    this.#request = request;
  }
  user(): string | null {
    return this.#request.headers.get("user");
  }
}

/** What has no dependencies. */
export class Clock {
  readonly #start = 0;
  now(): number {
    return this.#start;
  }
}

/** Everything a `Clock` has, and more: a subclass is not its base. */
export class SettableClock extends Clock {
  #offset = 0;
  set(offset: number): void {
    this.#offset = offset;
  }
  override now(): number {
    return super.now() + this.#offset;
  }
}
