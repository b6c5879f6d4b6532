/** What singleinst (Go) can, row by row: see the table of the same name. */

import { createContainer, singleton, token, type Scope } from "thimble";
import { release, reload, type Restartable, restartable } from "thimble/reload";
import { beforeEach, describe, expect, it } from "vitest";
import { catchReports } from "../core/support/report-error.ts";

interface Settings {
  port: number;
}
interface Server {
  readonly port: number;
  isOpen: boolean;
}
const Http = token<Restartable<Settings, Server>>("http");
const Metrics = token<Restartable<{ every: number }, string>>("metrics");

let log: string[] = [];
beforeEach(() => {
  log = [];
  catchReports();
});

const turn = () => new Promise((resolve) => setTimeout(resolve));
const open = ({ port }: Settings): Server => ({ port, isOpen: true });

describe("singleinst", () => {
  it("module core (data) and module (runtime made from it)", () => {
    const provider = restartable(Http, { core: { port: 80 }, build: open });
    const a = createContainer(provider).get(Http);
    const b = createContainer(provider).get(Http);
    expect(a.runtime).toEqual({ port: 80, isOpen: true });
    expect(a.runtime).not.toBe(b.runtime);
  });

  it("lock, edit, unlock → reconstruct and restart", async () => {
    const http = createContainer(restartable(Http, { core: { port: 80 }, build: open })).get(Http);
    const first = http.runtime;
    await http.update((draft) => {
      draft.port = 1;
      draft.port = 8080;
    });
    await http.settled();
    expect(http.runtime).toEqual({ port: 8080, isOpen: true });
    expect(http.runtime).not.toBe(first);
    expect(http.generation).toBe(2);
  });

  it("`ModuleRun*` functions run by the manager, before/after run", async () => {
    const app: Scope = createContainer(
      restartable(Http, {
        core: { port: 80 },
        build: open,
        beforeRun: () => void log.push("before"),
        run: {
          listen: async (server) => void log.push(`listen ${server.port}`),
          watch: (_, signal) =>
            new Promise<void>((resolve) => {
              log.push("watch");
              signal.addEventListener("abort", () => resolve());
            }),
        },
        afterRun: () => void log.push("after"),
      }),
    );
    app.get(Http);
    await turn();
    expect(log).toEqual(["before", "listen 80", "watch"]);
    await app.shutdown();
    expect(log).toEqual(["before", "listen 80", "watch", "after"]);
  });

  it("restart, after restart, shutdown, destruct", async () => {
    const app: Scope = createContainer(
      restartable(Http, {
        core: { port: 80 },
        build: open,
        afterRestart: (server) => void log.push(`restarted ${server.isOpen}`),
        dispose: (server) => {
          server.isOpen = false;
          log.push("destructed");
        },
      }),
    );
    const http = app.get(Http);
    const first = http.runtime!;
    await http.restart();
    expect(log).toEqual(["destructed", "restarted true"]);
    expect(first.isOpen).toBe(false);
    const report = await app.shutdown();
    expect(log).toEqual(["destructed", "restarted true", "destructed"]);
    expect([report.ok, http.state]).toEqual([true, "stopped"]);
  });

  describe("manager: registration, order, restart queue, cascade of restarts", () => {
    it("the scope registers, and shuts down in order", async () => {
      const app: Scope = createContainer(
        restartable(Metrics, {
          core: { every: 1 },
          deps: [Http],
          build: () => "metrics",
          dispose: says("metrics"),
        }),
        restartable(Http, { core: { port: 80 }, build: open, dispose: says("http") }),
      );
      app.get(Metrics);
      await app.shutdown();
      expect(log).toEqual(["metrics", "http"]);
    });

    it("a restart queue of any length costs the restarts it must", async () => {
      const http = createContainer(restartable(Http, { core: { port: 0 }, build: open })).get(Http);
      for (let i = 0; i < 1_000; i++) void http.update((draft) => void draft.port++);
      await http.settled();
      expect([http.runtime?.port, http.generation]).toEqual([1_000, 2]);
    });

    it("`release` and `reload` restart what depends on it as well", async () => {
      const Name = token<string>("name");
      let version = 1;
      const app: Scope = createContainer(
        singleton(Name, () => `v${version}`, { dispose: says("name") }),
        restartable(Metrics, {
          core: { every: 1 },
          deps: [Name],
          build: (_, name) => name,
          dispose: says("metrics"),
        }),
      );
      app.get(Metrics);
      version = 2;
      await release(app, Name);
      expect(log).toEqual(["metrics", "name"]);
      expect(app.get(Metrics).runtime).toBe("v2");
      await reload(
        app,
        Name,
        singleton(Name, () => "v3"),
      );
      expect(app.get(Metrics).runtime).toBe("v3");
    });

    it("an update from inside another module's run", async () => {
      const app: Scope = createContainer(
        restartable(Http, { core: { port: 80 }, build: open }),
        restartable(Metrics, {
          core: { every: 1 },
          deps: [Http],
          build: () => "metrics",
          run: async () => {
            await app.get(Http).update((draft) => void (draft.port = 81));
            log.push("updated");
          },
        }),
      );
      app.get(Metrics);
      await turn();
      await app.get(Http).settled();
      expect(log).toEqual(["updated"]);
      expect(app.get(Http).runtime?.port).toBe(81);
    });
  });
});

function says(text: string): () => void {
  return () => void log.push(text);
}
