/**
 * What the examples speak of besides services: a program in Node, Deno, Bun or a page.
 *
 * @module
 */

import type { Express } from "express";
import type { Scope } from "thimble";
import type { Db } from "./services.ts";

export { expect, test } from "vitest";
export { default as express } from "express";
export { fastify as Fastify } from "fastify";
export { Hono } from "hono";
export { writeFile } from "node:fs/promises";
export { createServer } from "node:http";
export { z } from "zod";

export declare const container: Scope;
export declare const Items: () => null;
export declare const site: Express;
export declare const request: Request;
export declare const incoming: Request;
export declare const args: readonly string[];
export declare const db: Db;
export declare const audit: { write(scope: string, ok: boolean): Promise<void> };
export declare const ledger: { add(cents: number): Promise<void> };
export declare const log: { error(...words: unknown[]): void };
export declare const context: { waitUntil(work: Promise<unknown>): void };
export declare const handle: (request: Request) => Promise<Response>;
export declare const isOperator: (request: {
  readonly headers: { get(name: string): string | null };
}) => boolean;
export declare function connect(to: unknown): Promise<{ close(): Promise<void> }>;
export declare function listen(port: number, routes: unknown): Promise<Listening>;
export declare function readConfig(): { readonly url: string };

interface Listening {
  watch(options: object): Promise<void>;
  close(): Promise<void>;
}

// Of runtimes whose types are at odds with each other.
type Handler = (request: Request, info?: any) => Response | Promise<Response>;
export declare const Deno: {
  serve(handler: Handler): any;
  serve(options: object, handler: Handler): any;
  env: any;
};
export declare const Bun: { serve(options: { fetch: Handler; [option: string]: unknown }): any };
export declare function addEventListener(type: "fetch", listener: (event: FetchEvent) => void): void;
interface FetchEvent {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
  waitUntil(work: Promise<unknown>): void;
}

declare global {
  interface ImportMeta {
    readonly hot?: { readonly data: any; accept(take: () => void): void };
  }
}
