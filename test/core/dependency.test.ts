import { createContainer, optional, singleton, token, transient, value, type Scope } from "thimble";
import { describe, expect, it } from "vitest";
import { kinds } from "./support/kinds.ts";
import { refusal, route } from "./support/refusal.ts";

const Host = token<string>("host");
const Port = token<number>("port");

describe("a dependency", () => {
  it("is a token", () => {
    expect(createContainer(value(Host, "here")).get(Host)).toBe("here");
  });

  it("is a tuple, resolved in its order", () => {
    const app = createContainer(value(Host, "here"), value(Port, 80));

    expect(app.get([Port, Host])).toEqual([80, "here"]);
  });

  it("is a record, resolved under its keys", () => {
    const app = createContainer(value(Host, "here"), value(Port, 80));

    expect(app.get({ port: Port, host: Host })).toEqual({ port: 80, host: "here" });
  });

  it("is a tuple with a record in it", () => {
    const app = createContainer(value(Host, "here"), value(Port, 80));

    expect(app.get([Port, { host: Host }])).toEqual([80, { host: "here" }]);
  });

  it("is a tuple or a record of combinators", () => {
    const app = createContainer(value(Host, "here"));

    expect(app.get([Host, optional(Port)])).toEqual(["here", undefined]);
    expect(app.get({ host: Host, port: optional(Port, 443) })).toEqual({ host: "here", port: 443 });
  });

  it("may be nothing at all", () => {
    const app = createContainer();

    expect(app.get([])).toEqual([]);
    expect(app.get({})).toEqual({});
  });

  it("gives a new tuple each time, so nobody edits what another was given", () => {
    const app = createContainer(value(Host, "here"));
    const spec = [Host] as const;

    app.get(spec)[0] = "elsewhere";

    expect(app.get(spec)).toEqual(["here"]);
    expect(spec[0]).toBe(Host);
  });

  it.each([0, 1, 2, 3, 4, 5, 9])("may be one of %i, for a class and for a factory alike", (count) => {
    const tokens = Array.from({ length: count }, (_, at) => token<number>(`n${at}`));
    class Sum {
      readonly given: readonly unknown[];
      constructor(...given: unknown[]) {
        this.given = given;
      }
    }
    const Given = token<readonly unknown[]>("given");
    const app: Scope = createContainer(
      tokens.map((it, at) => value(it, at)),
      singleton(Sum, tokens),
      singleton(Given, tokens, (...given: unknown[]) => given),
    );
    const expected = tokens.map((_, at) => at);

    expect(app.get(Sum).given).toEqual(expected);
    expect(app.get(Given)).toEqual(expected);
  });

  it("may name a token twice: one singleton, two transients", () => {
    class Single {}
    class Fresh {}
    const app = createContainer(singleton(Single), transient(Fresh));

    const [single, again] = app.get([Single, Single]);
    const [fresh, another] = app.get([Fresh, Fresh]);

    expect(single).toBe(again);
    expect(fresh).not.toBe(another);
  });

  it("is awaited as a whole by getAsync", async () => {
    const Slow = token<string>("slow");
    const app = createContainer(
      value(Port, 80),
      singleton(Slow, async () => "at last"),
    );

    expect(await app.getAsync([Port, Slow])).toEqual([80, "at last"]);
    expect(await app.getAsync({ slow: Slow, more: optional(Host) })).toEqual({
      slow: "at last",
      more: undefined,
    });
    expect(await app.getAsync([{ slow: Slow }, Port])).toEqual([{ slow: "at last" }, 80]);
  });

  it("says which element is missing", () => {
    const app: Scope = createContainer(value(Host, "here"));

    expect(route(refusal(() => app.get([Host, Port])).path)).toBe("port");
    expect(route(refusal(() => app.get({ host: Host, port: Port })).path)).toBe("port");
  });
});

describe("the keys of a record", () => {
  it("never touch a prototype, `__proto__` included", () => {
    const Polluter = token<{ polluted: boolean }>("polluter");
    const app: Scope = createContainer(value(Polluter, { polluted: true }));

    const got = app.get({ ["__proto__"]: Polluter }) as Record<string, unknown>;

    expect(Object.keys(got)).toEqual(["__proto__"]);
    expect(Object.getOwnPropertyDescriptor(got, "__proto__")?.value).toEqual({ polluted: true });
    expect(got["polluted"]).toBeUndefined();
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });

  it("never touch a prototype when they are awaited", async () => {
    const Polluter = token<{ polluted: boolean }>("polluter");
    const app: Scope = createContainer(singleton(Polluter, async () => ({ polluted: true })));

    const got = (await app.getAsync({ ["__proto__"]: Polluter })) as Record<string, unknown>;

    expect(Object.keys(got)).toEqual(["__proto__"]);
    expect(got["polluted"]).toBeUndefined();
  });

  it("never touch a prototype on the way to a factory", () => {
    const Polluter = token<{ polluted: boolean }>("polluter");
    const Keys = token<unknown[]>("keys");
    const app: Scope = createContainer(
      value(Polluter, { polluted: true }),
      singleton(Keys, { ["__proto__"]: Polluter }, (parts) => [
        ...Object.keys(parts),
        (parts as unknown as Record<string, unknown>)["polluted"],
      ]),
    );

    expect(app.get(Keys)).toEqual(["__proto__", undefined]);
  });

  it.each(["constructor", "toString", "hasOwnProperty", "then", "0", ""])("may be %j", (key) => {
    const app: Scope = createContainer(value(Host, "here"));

    const got = app.get({ [key]: Host }) as Record<string, unknown>;

    expect(Object.keys(got)).toEqual([key]);
    expect(got[key]).toBe("here");
  });

  it("may stand on no prototype", () => {
    const app: Scope = createContainer(value(Host, "here"));
    const spec = Object.assign(Object.create(null) as object, { host: Host });

    expect({ ...(app.get(spec as never) as object) }).toEqual({ host: "here" });
  });
});

describe.each([
  ["undefined", undefined],
  ["null", null],
  ["false", false],
  ["0", 0],
  ["NaN", Number.NaN],
  ["the empty string", ""],
])("%s", (_, falsy) => {
  const Falsy = token<unknown>("falsy");

  it("is an instance when it is a value", () => {
    const app = createContainer(value(Falsy, falsy));

    expect(app.get(Falsy)).toBe(falsy);
    expect(app.has(Falsy)).toBe(true);
  });

  it.each(kinds("singleton", "scoped"))(
    "is an instance when a %s factory makes it, and it is made once",
    (_kind, provider) => {
      let built = 0;
      const app: Scope = createContainer(
        provider(Falsy, () => {
          built++;
          return falsy;
        }),
      );

      expect([app.get(Falsy), app.get(Falsy)]).toEqual([falsy, falsy]);
      expect(built).toBe(1);
    },
  );

  it("is an instance when a factory makes it in its own time, and it is made once", async () => {
    let built = 0;
    const app = createContainer(
      singleton(Falsy, async () => {
        built++;
        return falsy;
      }),
    );

    expect([await app.getAsync(Falsy), app.get(Falsy)]).toEqual([falsy, falsy]);
    expect(built).toBe(1);
  });

  it("is an instance to whoever depends on it", () => {
    const Holder = token<readonly unknown[]>("holder");
    const app = createContainer(
      value(Falsy, falsy),
      singleton(Holder, [Falsy], (...given) => given),
    );

    expect(app.get(Holder)).toEqual([falsy]);
  });

  it("is an instance to `optional`, which has no use for its fallback", () => {
    const app = createContainer(value(Falsy, falsy));

    expect(app.get(optional(Falsy, "fallback"))).toBe(falsy);
  });

  it("is an instance to a disposer", async () => {
    const undone: unknown[] = [];
    const app = createContainer(
      singleton(Falsy, () => falsy, { dispose: (instance) => undone.push(instance) }),
    );
    app.get(Falsy);

    await app.shutdown();

    expect(undone).toEqual([falsy]);
  });
});
