import {
  cleanup,
  createContainer,
  decorate,
  scoped,
  singleton,
  token,
  transient,
  value,
  type Scope,
} from "thimble";
import { describe, expect, it } from "vitest";
import { deferred } from "./support/deferred.ts";
import { asyncDispose } from "./support/disposal.ts";
import { refusal, rejected, thrown } from "./support/refusal.ts";
import { catchReports } from "./support/report-error.ts";
import { turn } from "./support/turn.ts";

interface Db {
  ready: boolean;
}
const Db = token<Db>("db");
const Users = token<boolean>("users");

describe("init", () => {
  it("runs after building and before anyone receives the instance", () => {
    const app = createContainer(
      singleton(Db, () => ({ ready: false }), { init: (db) => (db.ready = true) }),
      singleton(Users, [Db], (db) => db.ready),
    );

    expect(app.get(Users)).toBe(true);
    expect(app.get(Db).ready).toBe(true);
  });

  it("runs once per instance", () => {
    let runs = 0;
    const app: Scope = createContainer(
      scoped(Db, () => ({ ready: true }), {
        init: () => {
          runs++;
        },
      }),
    );
    const child = app.createScope("request");
    for (const scope of [app, child, app, child]) scope.get(Db);

    expect(runs).toBe(2);
  });

  it("runs for every transient", () => {
    let runs = 0;
    const app: Scope = createContainer(
      transient(Db, () => ({ ready: false }), {
        init: (db) => {
          runs++;
          db.ready = true;
        },
      }),
    );

    expect([app.get(Db).ready, app.get(Db).ready]).toEqual([true, true]);
    expect(runs).toBe(2);
  });

  it("runs once for a value, before anyone receives it", () => {
    let runs = 0;
    const app = createContainer(
      value(
        Db,
        { ready: false },
        {
          init: (db) => {
            runs++;
            db.ready = true;
          },
        },
      ),
    );

    expect([app.get(Db).ready, app.get(Db).ready]).toEqual([true, true]);
    expect(runs).toBe(1);
  });

  it("may take its time: everyone waits for it", async () => {
    const gate = deferred();
    const app = createContainer(
      singleton(Db, () => ({ ready: false }), {
        init: async (db) => {
          await gate.promise;
          db.ready = true;
        },
      }),
      singleton(Users, [Db], (db) => db.ready),
    );
    const asked = Promise.all([app.getAsync(Users), app.getAsync(Db)]);

    expect(refusal(() => app.get(Db)).code).toBe("ASYNC_PROVIDER");
    gate.resolve();

    expect(await asked).toEqual([true, { ready: true }]);
  });

  it("is given the instance, not the promise of it", async () => {
    const seen: unknown[] = [];
    const app = createContainer(
      singleton(Db, async () => ({ ready: true }), {
        init: (db) => {
          seen.push(db);
        },
      }),
    );

    const db = await app.getAsync(Db);

    expect(seen).toEqual([{ ready: true }]);
    expect(seen[0]).toBe(db);
  });

  it("does not put what it returns in place of the instance", async () => {
    const app = createContainer(
      singleton(Db, () => ({ ready: true }), { init: async () => ({ ready: false }) }),
    );

    expect(await app.getAsync(Db)).toEqual({ ready: true });
  });

  it("is given a signal that aborts when the scope begins to shut down", async () => {
    const begun = deferred();
    const app = createContainer(
      singleton(Db, () => ({ ready: false }), {
        init: (_, signal) =>
          new Promise<void>((resolve) => {
            signal.addEventListener("abort", () => resolve());
            begun.resolve();
          }),
      }),
    );
    const asked = rejected(app.getAsync(Db));
    await begun.promise;

    const report = await app.shutdown();

    expect(report.ok).toBe(true);
    expect(await asked).toMatchObject({ code: "SCOPE_CLOSED" });
  });
});

describe("an init that fails", () => {
  const failure = new Error("no schema");

  it("fails the build with its own error, the same object", async () => {
    const app = createContainer(
      singleton(Db, () => ({ ready: false }), {
        init: () => {
          throw failure;
        },
      }),
      singleton(Users, [Db], async (db) => db.ready),
    );

    expect(thrown(() => app.get(Db))).toBe(failure);
    expect(await rejected(app.getAsync(Users))).toBe(failure);
  });

  it("disposes the instance, before the next one is made", async () => {
    const told: string[] = [];
    let tries = 0;
    const app = createContainer(
      singleton(
        Db,
        () => {
          told.push(`built ${++tries}`);
          return { ready: false };
        },
        {
          init: async () => {
            if (tries === 1) throw failure;
          },
          dispose: () => told.push("disposed"),
        },
      ),
    );

    expect(await rejected(app.getAsync(Db))).toBe(failure);
    await app.getAsync(Db);

    expect(told).toEqual(["built 1", "disposed", "built 2"]);
  });

  describe("is over when what it has made is disposed", () => {
    const forms = {
      "an init that throws": (init: () => unknown, dispose: () => unknown) =>
        singleton(Db, () => ({ ready: false }), { init: () => void init(), dispose }),
      "an init that rejects": (init: () => unknown, dispose: () => unknown) =>
        singleton(Db, () => ({ ready: false }), { init: async () => void init(), dispose }),
      "with the method of the instance": (init: () => unknown, dispose: () => unknown) =>
        singleton(Db, () => ({ ready: false, [asyncDispose]: dispose }), { init: () => void init() }),
      "a decorator that throws": (init: () => unknown, dispose: () => unknown) =>
        decorate(
          singleton(Db, () => ({ ready: false }), { dispose }),
          [],
          (db: Db) => (init(), db),
        ),
      "with a cleanup": (init: () => unknown, dispose: () => unknown) =>
        singleton(
          Db,
          [cleanup],
          (add) => {
            add(() => {});
            return { ready: false };
          },
          { init: () => void init(), dispose },
        ),
    };

    for (const [form, provider] of Object.entries(forms)) {
      it(`whoever tries again does not meet it: ${form}`, async () => {
        const told: string[] = [];
        const gate = deferred();
        let tries = 0;
        const app = createContainer(
          provider(
            () => {
              told.push(`init ${++tries}`);
              if (tries === 1) throw failure;
            },
            async () => {
              await gate.promise;
              told.push("disposed");
            },
          ),
        ) as Scope;

        const asked = rejected(app.getAsync(Db)).then((error) => (told.push("refused"), error));
        const joined = rejected(app.getAsync(Db));
        await turn();
        expect(told).toEqual(["init 1"]);
        expect(thrown(() => app.get(Db))).toBe(failure);
        gate.resolve();

        expect([await asked, await joined]).toEqual([failure, failure]);
        await app.getAsync(Db);
        expect(told).toEqual(["init 1", "disposed", "refused", "init 2"]);
      });
    }

    it("or at the deadline of a shutdown, of which its disposer is told", async () => {
      let late: { readonly aborted: boolean } | undefined;
      const app = createContainer(
        singleton(Db, () => ({ ready: false }), {
          init: () => Promise.reject(failure),
          dispose: (_, signal) => {
            late = signal;
            return new Promise(() => {});
          },
        }),
      );
      const asked = rejected(app.getAsync(Db));
      await turn();
      const closing = app.shutdown();
      await turn();
      expect(late!.aborted).toBe(false);
      void app.shutdown({ signal: AbortSignal.abort() });
      const report = await closing;

      expect(late!.aborted).toBe(true);
      expect(await asked).toMatchObject({ code: "SCOPE_CLOSED" });
      expect(report.services).toMatchObject([
        { token: "db", outcome: "failed", error: failure },
        { token: "db", outcome: "abandoned" },
      ]);
    });
  });

  it("disposes the instance after the deadline of a shutdown, too", async () => {
    // The report is complete by then, so the failure of the init is told to the runtime.
    catchReports();
    for (const named of [true, false]) {
      const gate = deferred();
      const undone: unknown[] = [];
      const dispose = (): unknown => undone.push("disposed");
      const app = createContainer(
        singleton(Db, () => ({ ready: false, ...(named ? {} : { [asyncDispose]: dispose }) }), {
          init: () => gate.promise,
          ...(named ? { dispose } : {}),
        }),
      );
      const asked = rejected(app.getAsync(Db));
      await app.shutdown({ signal: AbortSignal.abort() });
      gate.reject(failure);
      await asked;
      await turn();

      expect(undone).toEqual(["disposed"]);
    }
  });

  it("disposes the instance when it throws at once", () => {
    const undone: Db[] = [];
    const db = { ready: false };
    const app = createContainer(
      singleton(Db, () => db, {
        init: () => {
          throw failure;
        },
        dispose: (it) => undone.push(it),
      }),
    );

    thrown(() => app.get(Db));

    expect(undone).toEqual([db]);
  });

  it("disposes by the instance's own method, too", async () => {
    let undone = 0;
    const app = createContainer(
      singleton(Db, () => ({ ready: false, [asyncDispose]: async () => void undone++ }), {
        init: () => Promise.reject(failure),
      }),
    );

    await rejected(app.getAsync(Db));

    expect(undone).toBe(1);
  });

  it("disposes once: shutdown does not do it again", async () => {
    let undone = 0;
    const app = createContainer(
      singleton(Db, () => ({ ready: false }), {
        init: () => Promise.reject(failure),
        dispose: () => ++undone,
      }),
    );
    await rejected(app.getAsync(Db));

    await app.shutdown();

    expect(undone).toBe(1);
  });

  it("does not dispose what says `dispose: false`", async () => {
    let undone = 0;
    const app = createContainer(
      singleton(Db, () => ({ ready: false, [asyncDispose]: async () => void undone++ }), {
        init: () => Promise.reject(failure),
        dispose: false,
      }),
    );

    await rejected(app.getAsync(Db));

    expect(undone).toBe(0);
  });

  it("still says why, when the disposal fails as well", async () => {
    catchReports();
    const app = createContainer(
      singleton(Db, () => ({ ready: false }), {
        init: () => Promise.reject(failure),
        dispose: () => {
          throw new Error("cannot even close");
        },
      }),
    );

    expect(await rejected(app.getAsync(Db))).toBe(failure);
  });

  it("still says why, when the disposal fails later", async () => {
    catchReports();
    const app = createContainer(
      singleton(Db, () => ({ ready: false }), {
        init: () => {
          throw failure;
        },
        dispose: () => Promise.reject(new Error("cannot even close")),
      }),
    );

    expect(thrown(() => app.get(Db))).toBe(failure);
    await app.shutdown();
  });

  it("is not remembered", async () => {
    let tries = 0;
    const app = createContainer(
      singleton(Db, () => ({ ready: ++tries > 1 }), {
        init: (db) => {
          if (!db.ready) throw failure;
        },
      }),
    );
    thrown(() => app.get(Db));

    expect(app.get(Db)).toEqual({ ready: true });
  });
});
