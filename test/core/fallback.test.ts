import {
  alias,
  all,
  createContainer,
  currentScope,
  decorate,
  fallback,
  one,
  optional,
  parent,
  scoped,
  singleton,
  token,
  transient,
  value,
  type Scope,
} from "thimble";
import { observe } from "thimble/observe";
import { describe, expect, it } from "vitest";
import { deferred } from "./support/deferred.ts";
import { dispose } from "./support/disposal.ts";
import { refusal, route } from "./support/refusal.ts";
import { unchecked, uncheckedContainer } from "./support/unchecked.ts";

const Clock = token<string>("clock");
const Timer = token<string>("timer");
const User = token<unknown>("user");

const ours = fallback(value(Clock, "ours"));
const theirs = value(Clock, "theirs");

describe("fallback", () => {
  it("is used where nothing else provides its token", () => {
    const app = createContainer(ours);

    expect([app.get(Clock), app.has(Clock), app.get(optional(Clock))]).toEqual(["ours", true, "ours"]);
    expect(app.createScope("request").get(Clock)).toBe("ours");
  });

  it.each<[string, () => Scope]>([
    ["that is registered before it", () => createContainer(theirs, ours)],
    ["that is registered after it", () => createContainer(ours, theirs)],
    ["of a later call", () => createContainer(ours).provide(theirs)],
    ["of a scope below", () => createContainer(ours).createScope(theirs)],
    ["of a scope above", () => createContainer(theirs).createScope(ours)],
    ["of a scope further above", () => createContainer(theirs).createScope("shop").createScope(ours)],
  ])("gives way to a provider %s", (_, open) => {
    const scope = open();

    expect(scope.get(Clock)).toBe("theirs");
    expect(scope.get([Clock, optional(Clock), one(Clock)])).toEqual(["theirs", "theirs", "theirs"]);
  });

  it("gives way in the scope that has another provider, and is used above it", () => {
    const app = createContainer(ours);
    const request = app.createScope(theirs);

    expect([app.get(Clock), request.get(Clock)]).toEqual(["ours", "theirs"]);
  });

  it("gives way to a provider that is registered after it was built", async () => {
    const disposed: string[] = [];
    const noting = { dispose: (it: string) => void disposed.push(it) };
    const app: Scope = createContainer(
      fallback(singleton(Clock, () => "ours", noting)),
      singleton(User, [Clock], (clock) => ({ clock })),
    );
    const user = app.get(User);
    app.provide(singleton(Clock, () => "theirs", noting));

    expect(app.get(Clock)).toBe("theirs");
    expect(app.createScope().get(Clock)).toBe("theirs");
    expect(app.get(User)).toBe(user);
    expect(user).toEqual({ clock: "ours" });

    await app.shutdown();
    expect(disposed.toSorted()).toEqual(["ours", "theirs"]);
  });

  it("gives way while it is being built, and is what was waited for all the same", async () => {
    const gate = deferred<string>();
    const app: Scope = createContainer(fallback(singleton(Clock, () => gate.promise)));
    const waiting = app.getAsync(Clock);
    app.provide(theirs);

    expect(app.get(Clock)).toBe("theirs");
    gate.resolve("ours");
    expect(await waiting).toBe("ours");
  });

  it("of the nearest scope wins over one further up", () => {
    const app = createContainer(ours);
    const request = app.createScope(fallback(value(Clock, "nearer")));

    expect([app.get(Clock), request.get(Clock), request.createScope().get(Clock)]).toEqual([
      "ours",
      "nearer",
      "nearer",
    ]);
  });

  it("is not seen from a sibling, nor by a singleton above", () => {
    const app: Scope = createContainer(singleton(User, [optional(Clock, "none")], (it) => it));
    const request = app.createScope(ours);

    expect(request.get([Clock, User])).toEqual(["ours", "none"]);
    expect(app.createScope().has(Clock)).toBe(false);
  });

  it("is what a dependency resolves to, whatever depends on it", () => {
    const app = createContainer(
      ours,
      singleton(Timer, [Clock], (clock) => `timer of ${clock}`),
      alias(User, Timer),
    );

    expect(app.get(User)).toBe("timer of ours");
  });
});

describe("the kind of a fallback is that of its provider:", () => {
  it("a singleton lives in the scope that registered it", async () => {
    let disposals = 0;
    const home = singleton(User, [currentScope], (scope) => ({ scope, [dispose]: () => void disposals++ }));
    const app = createContainer(fallback(home));
    const request = app.createScope("request");

    expect(request.get(User)).toMatchObject({ scope: app });
    expect(app.get(User)).toBe(request.get(User));

    await request.shutdown();
    expect(disposals).toBe(0);
    await app.shutdown();
    expect(disposals).toBe(1);
  });

  it("a scoped service lives in the scope that resolves it, or in the one that `in` names", () => {
    const app = createContainer(
      fallback(scoped(User, [currentScope], (scope) => ({ scope }))),
      fallback(scoped(Clock, [currentScope], (scope) => scope.id, { in: "request" })),
    );
    const request = app.createScope("request");
    const job = request.createScope("job");

    expect(job.get(User)).toEqual({ scope: job });
    expect(job.get(User)).toBe(job.get(User));
    expect(job.get(Clock)).toBe(request.id);
  });

  it("a transient is made at every resolve, and disposed when nobody receives it", () => {
    let disposals = 0;
    const app = createContainer(
      fallback(transient(User, () => ({ [dispose]: () => void disposals++ }))),
      singleton(Clock, (): string => {
        throw new Error("no clock");
      }),
    );

    expect(app.get(User)).not.toBe(app.get(User));
    expect(() => app.get([User, Clock])).toThrow("no clock");
    expect(disposals).toBe(1);
  });

  it("an alias stands for its target", () => {
    expect(createContainer(fallback(alias(User, Clock)), theirs).get(User)).toBe("theirs");
  });

  it("an owned value is disposed, whether or not anyone resolved it", async () => {
    let disposals = 0;
    const app = createContainer(fallback(value(Clock, "ours", { dispose: () => void disposals++ })));

    await app.shutdown();

    expect(disposals).toBe(1);
    expect(refusal(() => app.has(Clock)).code).toBe("SCOPE_CLOSED");
  });

  it("an asynchronous service is waited for", async () => {
    const app = createContainer(
      fallback(singleton(Clock, async () => "ours")),
      singleton(Timer, [Clock], (clock) => `timer of ${clock}`),
    );

    expect(refusal(() => app.get(Timer)).code).toBe("ASYNC_PROVIDER");
    expect(await app.getAsync(Timer)).toBe("timer of ours");
  });

  it("a service is stopped and disposed as its options say", async () => {
    const done: string[] = [];
    const note = (text: string) => () => void done.push(text);
    const app = createContainer(
      fallback(singleton(Clock, () => "ours", { stop: note("stop"), dispose: note("dispose") })),
    );
    app.get(Clock);

    await app.shutdown();

    expect(done).toEqual(["stop", "dispose"]);
  });

  it("a singleton may not hold it when it is scoped", () => {
    const app = uncheckedContainer(
      fallback(scoped(Clock, () => "ours")),
      singleton(User, [Clock], (it) => it),
    );

    expect(refusal(() => app.get(User)).code).toBe("CAPTIVE_DEPENDENCY");
  });

  it("a service that depends on its own token is circular, where it is used", () => {
    const app = uncheckedContainer(fallback(singleton(Clock, [Clock], (it) => it)));

    const error = refusal(() => app.get(Clock));
    expect(error.code).toBe("CIRCULAR_DEPENDENCY");
    expect(route(error.path)).toBe("clock > clock");
  });
});

describe("a decorated fallback", () => {
  const suffixed = (clock: string, suffix: string) => clock + suffix;

  it.each([
    ["that was decorated before", fallback(decorate(value(Clock, "ours"), [Timer], suffixed))],
    ["that was decorated after", decorate(fallback(value(Clock, "ours")), [Timer], suffixed)],
    [
      "that has dependencies in after as well",
      fallback(
        decorate(
          singleton(Clock, [], (...none) => ["ours", ...none].join(), { after: [User] }),
          [Timer],
          suffixed,
        ),
      ),
    ],
  ])("%s gives way like any other", (_, provider) => {
    const app: Scope = createContainer(provider, value(Timer, "!"), value(User, 1));

    expect(app.get(Clock)).toBe("ours!");
    expect(app.provide(theirs).get(Clock)).toBe("theirs");
    expect(refusal(() => app.provide(ours)).code).toBe("DUPLICATE");
  });
});

describe("has", () => {
  it("sees what a fallback depends on", () => {
    const app: Scope = createContainer(fallback(singleton(Clock, [Timer], (it) => it)) as never);

    expect(app.has(Clock)).toBe(false);
    expect(app.provide(value(Timer, "timer")).has(Clock)).toBe(true);
  });
});

describe("all and one", () => {
  const Named = token<string>("named");
  const named = fallback(value(Clock, "ours", { as: [Named], default: true, tags: ["t"] }));
  const other = value(Timer, "timer", { as: [Named] });

  it("find a fallback where nothing else provides its token", () => {
    const app = createContainer(named, other);

    expect(app.get([all(Clock), all(Named), all(Named, { tag: "t" })])).toEqual([
      ["ours"],
      ["ours", "timer"],
      ["ours"],
    ]);
    expect(app.get([one(Clock), one(Named)])).toEqual(["ours", "ours"]);
  });

  it.each<[string, () => Scope]>([
    ["in its scope", () => createContainer(named, other, theirs)],
    ["below", () => createContainer(named, other).createScope(theirs)],
    ["above", () => createContainer(theirs).createScope(named, other)],
  ])(
    "do not find it under its other tokens either once another provider of its token is there, %s",
    (_, open) => {
      const scope = open();

      expect(scope.get([all(Clock), all(Named), one(Named)])).toEqual([["theirs"], ["timer"], "timer"]);
    },
  );

  it("find the nearest of several fallbacks", () => {
    const request = createContainer(ours).createScope(fallback(value(Clock, "nearer")));

    expect(request.get(all(Clock))).toEqual(["nearer"]);
  });

  it("find it by inheritance, and under an alias once", () => {
    class Base {}
    class Sub extends Base {}
    const app = createContainer(fallback(singleton(Sub)), alias(Base, Sub));

    expect(app.get(all(Base))).toEqual([app.get(Sub)]);
  });

  it("give a composite that is a fallback the others", () => {
    const app = createContainer(
      other,
      fallback(singleton(Clock, [all(Named)], (parts) => parts.join(), { as: [Named] })),
    );

    expect(app.get(Clock)).toBe("timer");
  });
});

describe("parent", () => {
  it("gives a child the fallback that it decorates", () => {
    const app = createContainer(ours);
    const child = app.createScope(singleton(Clock, [parent(Clock)], (clock) => `${clock}!`));

    expect(child.get(Clock)).toBe("ours!");
  });
});

describe("two fallbacks for one token in one scope", () => {
  const another = fallback(value(Clock, "another"));

  it("are DUPLICATE, in one list and in two", () => {
    const inOne = refusal(() => createContainer(ours, another));
    const app = createContainer(ours);
    const inTwo = refusal(() => app.provide(another));

    expect([inOne.code, inTwo.code]).toEqual(["DUPLICATE", "DUPLICATE"]);
    expect(route(inOne.path)).toBe("clock");
    expect(app.get(Clock)).toBe("ours");
  });

  it("are DUPLICATE also after other providers have come", () => {
    const app: Scope = createContainer(ours, value(Timer, "timer"));
    app.get(Clock);
    app.provide(singleton(User, () => 1));

    expect(refusal(() => app.provide(another)).code).toBe("DUPLICATE");
    expect(app.get(all(Clock))).toEqual(["ours"]);
  });

  it("count once when they are the same object, or made of the same provider", () => {
    const app = createContainer(ours, [ours, [ours]]).provide(ours);
    const shared = singleton(Timer, () => "timer");

    expect(app.get(Clock)).toBe("ours");
    expect(createContainer(fallback(shared), fallback(shared)).get(Timer)).toBe("timer");
    expect(fallback(ours)).toBe(ours);
  });

  it("do not count as two with a provider that is no fallback, which may come once as before", () => {
    const app: Scope = createContainer(ours, theirs);

    expect(refusal(() => app.provide(value(Clock, "more"))).code).toBe("DUPLICATE");
  });

  it("leave nothing behind when the list is refused for another reason", () => {
    const app: Scope = createContainer(value(Timer, "timer"));

    expect(refusal(() => app.provide(ours, value(Timer, "again"))).code).toBe("DUPLICATE");
    expect(app.has(Clock)).toBe(false);
  });
});

describe("override", () => {
  it("replaces a fallback by a provider that does not give way", () => {
    const app: Scope = createContainer(ours);
    app.get(Clock);
    app.override(value(Clock, "fake"));

    expect(app.get(Clock)).toBe("fake");
    expect(refusal(() => app.provide(theirs)).code).toBe("DUPLICATE");
  });

  it("replaces it in one scope only", () => {
    const app = createContainer(ours);
    const request = app.createScope().override(value(Clock, "fake"));

    expect([app.get(Clock), request.get(Clock)]).toEqual(["ours", "fake"]);
  });

  it("keeps the place of the fallback", () => {
    const Named = token<string>("named");
    const app = createContainer(fallback(value(Clock, "ours", { as: [Named], tags: ["t"] })));
    app.override(value(Clock, "fake")).override(value(Clock, "fake again"));

    expect(app.get(all(Named, { tag: "t" }))).toEqual(["fake again"]);
  });

  it("with a fallback replaces like with any other provider", () => {
    const app = createContainer(theirs).override(ours);

    expect(app.get(Clock)).toBe("ours");
    expect(app.get(all(Clock))).toEqual(["ours"]);
  });

  it("with a fallback for what nobody provides is NOT_PROVIDED", () => {
    expect(refusal(() => (createContainer() as Scope).override(ours)).code).toBe("NOT_PROVIDED");
  });
});

describe("an observer", () => {
  it("is told of a fallback by its token", () => {
    const told: unknown[] = [];
    const app = createContainer();
    observe(app, {
      registered: ({ token }) => told.push(["registered", token]),
      built: ({ token }) => told.push(["built", token]),
    });
    app.createScope(ours, fallback(singleton(Timer, () => "timer"))).get(Timer);

    expect(told).toEqual([
      ["registered", Clock],
      ["registered", Timer],
      ["built", Timer],
    ]);
  });
});

describe("what is no provider is refused when fallback is called", () => {
  it.each([
    ["undefined", undefined],
    ["a class", class Mailer {}],
    ["a token", Clock],
    ["a list", [theirs]],
  ])("%s", (_, it) => {
    const error = refusal(() => unchecked(fallback)(it));

    expect(error.code).toBe("INVALID_PROVIDER");
    expect(error.hint).toContain("fallback(value(");
  });
});
