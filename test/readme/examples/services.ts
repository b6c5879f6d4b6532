/**
 * The services that the examples of the doc comments speak of. A service may have any members and any dependencies, so that
 * each example can have the one that it needs; what is of Thimble has its types.
 *
 * @module
 */

import { type Provider, type Scope, token, type Token } from "thimble";
import { setting, integer, type Setting } from "thimble/config";

/* eslint-disable @typescript-eslint/no-explicit-any */

interface Anything {
  [member: string]: any;
}
type Service = new (...dependencies: any[]) => Anything;

export declare class Db {
  constructor(...dependencies: any[]);
  static connect(url: string): Promise<Db>;
  [member: string]: any;
}
export const Clock: Token<() => number> = token("clock");
export const PageName: Token<string> = token("page");
export const Port: Setting<number> = setting("PORT", integer);

export declare const Api: Service;
export declare const AuditedMailer: Service;
export declare const Cart: Service;
export declare const Child: Service;
export declare const Cli: Service;
export declare const Command: Service;
export declare const Config: Service;
export declare const Counter: Service;
export declare const Customers: Service;
export declare const DbUrl: Token<URL>;
export declare const Drafts: Service;
export declare const Echo: Service;
export declare const Export: Service;
export declare const Exporter: Service;
export declare const Exporters: Token<Anything[]>;
export declare const Logger: Service;
export declare const LoggerFactory: Token<(name: string) => unknown>;
export declare const Mail: Token<object>;
export declare const Mailer: Service;
export declare const Orders: Service;
export declare const Page: Service;
export declare const Plugin: Service;
export declare const Printer: Service;
export declare const Queue: Service;
export declare const Recorder: Service;
export declare const Replicated: Token<object>;
export declare const Report: Service;
export declare const Reports: Service;
export declare const Route: Service;
export declare const Router: Service;
export declare const Routes: Token<(request: any, response?: any) => any>;
export declare const Server: Service;
export declare const Session: Service;
export declare const Smtp: Service;
export declare const SmtpMailer: Service;
export declare const Stripe: Service;
export declare const Ticker: Service;
export declare const Tracer: Service;
export declare const Transaction: Service;
export declare const Users: Service;
export declare const Visitors: Service;

export type Child = Anything;
export type Mailer = Anything;
export type Server = Anything;
export type Tracer = Anything;
export type User = Anything;

/** The container of the program, a scope below it, and what lists hold. */
export declare const app: Scope;
export declare const scope: Scope;
export declare const providers: readonly (
  Provider<Db, never, "singleton"> | Provider<typeof Clock, never, "value">
)[];
export declare const group: readonly Provider<Db, never, "singleton">[];
export declare const plugin: readonly Provider<Db, never, "singleton">[];
