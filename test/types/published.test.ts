/**
 * The published declarations ask nothing of the reader: no `@types`, no `lib` beyond the language, no `skipLibCheck`.
 */

import { describe, expect, it } from "vitest";
import { check } from "./reader.ts";

const anywhere = `
  import { abortSignal, createContainer, type Scope, singleton, token } from "thimble";

  interface Config { readonly dbUrl: string }
  const Config = token<Config>("config");
  class Db { #url: string; constructor(url: string) { this.#url = url; } close() {} }

  export const app: Scope<Db | typeof Config> = createContainer(
    singleton(Config, () => ({ dbUrl: "mem:" })),
    singleton(Db, [Config, abortSignal], (config, signal) => new Db(signal.aborted ? "" : config.dbUrl), {
      dispose(db, signal) {
        signal.throwIfAborted();
        db.close();
      },
    }),
  );
`;

const withDisposables = `
  import { app } from "./anywhere.ts";
  export async function main() {
    await using request = app.createScope("request");
    return request.name;
  }
`;

const withDom = `
  import { abortSignal, createContainer, singleton, value } from "thimble";
  class Remote { #url = ""; }
  export const app = createContainer(
    singleton(Remote, {
      init: (remote, signal: AbortSignal) => fetch("/up", { signal }),
      dispose: (remote, signal) => fetch("/down", { signal }),
    }),
  );
  app.run(abortSignal, (signal: AbortSignal) => signal.addEventListener("abort", () => {}));
  export const report = app.shutdown({ signal: AbortSignal.timeout(10) });
`;

describe("the published types", () => {
  it("need no lib but the language's", async () => {
    const { errors } = await check({ "anywhere.ts": anywhere }, { lib: ["es2022"], skipLibCheck: false });

    expect(errors).toEqual({});
  });

  it("work with await using where the lib knows it", async () => {
    const { errors } = await check(
      { "anywhere.ts": anywhere, "disposables.ts": withDisposables },
      { lib: ["es2023", "esnext.disposable"], skipLibCheck: false, allowImportingTsExtensions: true },
    );

    expect(errors).toEqual({});
  });

  it("hand out and take the AbortSignal of the DOM where the lib knows it", async () => {
    const { errors } = await check(
      { "anywhere.ts": anywhere, "disposables.ts": withDisposables, "dom.ts": withDom },
      { lib: ["es2023", "esnext.disposable", "dom"], skipLibCheck: false, allowImportingTsExtensions: true },
    );

    expect(errors).toEqual({});
  });

  it("do not mind how strict the reader is", async () => {
    const strictest = {
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      noPropertyAccessFromIndexSignature: true,
      isolatedModules: true,
      verbatimModuleSyntax: true,
    };
    for (const options of [
      strictest,
      { strict: false, strictNullChecks: true },
      { module: "nodenext", moduleResolution: "nodenext" },
    ]) {
      const { errors } = await check({ "anywhere.mts": anywhere }, { ...options, skipLibCheck: false });

      expect(errors).toEqual({});
    }
  });
});
