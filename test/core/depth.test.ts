/**
 * Factories that ask through their resolver go one inside the other, and the stack ends somewhere.
 *
 * A file of its own, because what matters here is where exactly it ends, and that is most varied while the runtime
 * has not yet optimised the core.
 */

import {
  createContainer,
  currentScope,
  scoped,
  singleton,
  token,
  type Provider,
  type Scope,
  type Token,
} from "thimble";
import { describe, expect, it } from "vitest";
import { laterRefusal, refusal } from "./support/refusal.ts";
import { turn } from "./support/turn.ts";

type Link = Token<number>;

// Under vitest an import is looked up by a function, which at the very end of the stack finds nothing and says so.
const makeToken = token;
const makeSingleton = singleton;

describe("a chain that is deeper than possible", () => {
  /** Every link registers the next and asks for it, a million times: no stack is that deep. */
  function endless(): readonly [Scope, Link] {
    const app: Scope = createContainer();
    const first = token<number>("link");
    let made = 0;
    const link = (it: Link): Provider =>
      makeSingleton(it, ({ get }) => {
        if (++made === 1_000_000) return 0;
        const next = makeToken<number>("link");
        app.provide(link(next));
        return get(next) + 1;
      });
    app.provide(link(first));
    return [app, first];
  }

  it("leaves the container fit for work, wherever the stack happened to end", async () => {
    /** Takes `frames` off the stack, so that it ends somewhere else inside the core each time. */
    const below = (frames: number, act: () => void): number =>
      frames === 0 ? (act(), 0) : 1 + below(frames - 1, act);
    const Fine = token<string>("fine");

    for (let frames = 0; frames < 40; frames += 3) {
      const [app, first] = endless();
      below(frames, () => expect(refusal(() => app.get(first)).code).toBe("DEPTH_EXCEEDED"));

      app.provide(singleton(Fine, () => "fine"));
      expect(app.get(Fine)).toBe("fine");
      // A build that got lost would be waited for; a deadline would hide that.
      let closed = false;
      void app.shutdown().then(() => (closed = true));
      await turn();
      expect({ frames, closed }).toEqual({ frames, closed: true });
    }
  });

  it("is DEPTH_EXCEEDED and not a bare RangeError", () => {
    const [app, first] = endless();

    const error = refusal(() => app.get(first));

    expect(error.code).toBe("DEPTH_EXCEEDED");
    expect(error.message.length).toBeLessThan(10_000);
  });

  it("is DEPTH_EXCEEDED asynchronously just as well", async () => {
    const [app, first] = endless();

    expect((await laterRefusal(app.getAsync(first))).code).toBe("DEPTH_EXCEEDED");
  });

  it("is DEPTH_EXCEEDED when it goes down a new scope at every step, which is no cycle", () => {
    const Deeper = token<number>("deeper");
    let opened = 0;
    const app: Scope = createContainer(
      scoped(Deeper, ({ get }) => {
        if (++opened === 1_000_000) return 0;
        return get(currentScope).createScope("below").get(Deeper) + 1;
      }),
    );

    expect(refusal(() => app.get(Deeper)).code).toBe("DEPTH_EXCEEDED");
  });
});
