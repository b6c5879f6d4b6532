import { createContainer, value } from "thimble";
import {
  Env,
  EnvPrefix,
  integer,
  setting,
  settings,
  string,
  watchSetting,
  type WatchableEnv,
} from "thimble/config";
import { describe, expect, it } from "vitest";
import { refusal } from "../core/support/refusal.ts";
import { catchReports } from "../core/support/report-error.ts";

/** A source that is changed by hand. */
class Source implements WatchableEnv {
  readonly values = new Map<string, string>();
  readonly watchers = new Map<string, Set<() => void>>();

  get(name: string): string | undefined {
    return this.values.get(name);
  }

  watch(name: string, changed: () => void): () => void {
    const watchers = this.watchers.get(name) ?? new Set();
    this.watchers.set(name, watchers.add(changed));
    return () => void watchers.delete(changed);
  }

  set(name: string, text: string): void {
    this.values.set(name, text);
    for (const changed of this.watchers.get(name) ?? []) changed();
  }

  get watched(): string[] {
    return [...this.watchers].filter(([, watchers]) => watchers.size > 0).map(([name]) => name);
  }
}

const Port = setting("port", integer, { default: 1 });

describe("watchSetting", () => {
  it("tells when the setting has changed, which then reads as the new value", () => {
    const source = new Source();
    const app = createContainer(value(Env, source), value(EnvPrefix, "APP_"));
    const seen: unknown[] = [];
    watchSetting(app, Port, (name) => seen.push(name, app.get(Port)));

    source.set("APP_PORT", "2");
    source.set("APP_HOST", "x");
    source.set("APP_PORT", "3");

    expect(seen).toEqual(["APP_PORT", 2, "APP_PORT", 3]);
  });

  it("watches each of several settings, once per name", () => {
    const source = new Source();
    const app = createContainer(value(Env, source));
    const seen: string[] = [];
    const all = settings({ port: Port, again: settings({ port: Port }), host: setting("host", string) });
    watchSetting(app, all, (name) => seen.push(name));

    source.set("PORT", "2");
    source.set("HOST", "x");

    expect(seen).toEqual(["PORT", "HOST"]);
  });

  it("ends by the way out, as often as that is taken", () => {
    const source = new Source();
    const app = createContainer(value(Env, source));
    const seen: string[] = [];
    const forget = watchSetting(app, Port, (name) => seen.push(name));
    forget();
    forget();

    source.set("PORT", "2");

    expect(seen).toEqual([]);
    expect(source.watched).toEqual([]);
  });

  it("ends when the scope begins to shut down, not when another one does", async () => {
    const source = new Source();
    const app = createContainer(value(Env, source));
    const request = app.createScope("request");
    watchSetting(app, Port, () => {});
    watchSetting(request, setting("HOST", string), () => {});

    await request.shutdown();
    expect(source.watched).toEqual(["PORT"]);
    await app.shutdown();
    expect(source.watched).toEqual([]);
  });

  it("stays silent afterwards, also where a source cannot be told to stop", () => {
    let tell = (): void => {};
    const source: WatchableEnv = {
      get: () => undefined,
      watch(_, changed) {
        tell = changed;
      },
    };
    const seen: string[] = [];
    const forget = watchSetting(createContainer(value(Env, source)), Port, (name) => seen.push(name));
    tell();
    forget();
    tell();

    expect(seen).toEqual(["PORT"]);
  });

  it("never calls for a source that cannot change under it", () => {
    for (const source of [{ PORT: "1" }, new Map([["PORT", "1"]])]) {
      const app = createContainer(value(Env, source));
      expect(watchSetting(app, Port, () => expect.unreachable())()).toBeUndefined();
    }
  });

  it("ends all it has begun, whatever the source throws at the end", async () => {
    const reported = catchReports();
    const ended: string[] = [];
    const source: WatchableEnv = {
      get: () => "1",
      watch: (name) => () => {
        ended.push(name);
        throw new Error(name);
      },
    };
    const app = createContainer(value(Env, source));
    watchSetting(app, settings({ a: setting("a", string), b: setting("b", string) }), () => {});

    expect((await app.shutdown()).ok).toBe(true);

    expect(ended).toEqual(["A", "B"]);
    expect(reported).toEqual([new Error("A"), new Error("B")]);
  });

  it("ends what it has begun when the source refuses to begin with the next", () => {
    const ended: string[] = [];
    const source: WatchableEnv = {
      get: () => "1",
      watch(name) {
        if (name === "B") throw new Error("not b");
        return () => ended.push(name);
      },
    };
    const app = createContainer(value(Env, source));
    const both = settings({ a: setting("a", string), b: setting("b", string) });

    expect(() => watchSetting(app, both, () => {})).toThrow("not b");

    expect(ended).toEqual(["A"]);
  });

  it("needs an Env", () => {
    expect(refusal(() => watchSetting(createContainer(), Port, () => {})).code).toBe("NOT_PROVIDED");
  });
});
