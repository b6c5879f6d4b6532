/**
 * The checker's work, counted in instantiations, which are the same on every machine. It must grow with the number of
 * providers and not with its square: whole editors have stood still over the types of a container.
 */

import { beforeAll, describe, expect, it } from "vitest";
import { check } from "./reader.ts";

/** The classes, and the list that provides them: each depends on the three before it. */
type Shape = (i: number, needs: number[], size: number) => { declaration: string; provider: string };

const classOf = (i: number, needs: number[], first = "") =>
  `class S${i} { #nominal${i} = ${i}; constructor(${first}${needs.map((n) => `s${n}: S${n}`).join(", ")}) {} }`;
const listOf = (needs: number[], first = "") => `[${first}${needs.map((n) => `S${n}`).join(", ")}]`;

const classes: Shape = (i, needs) => ({
  declaration: classOf(i, needs),
  provider: `singleton(S${i}, ${listOf(needs)})`,
});

const factories: Shape = (i, needs) => ({
  declaration: `interface I${i} { readonly i${i}: number } const S${i} = token<I${i}>("s${i}");`,
  provider: `singleton(S${i}, ${listOf(needs)}, (${needs.map((n) => `s${n}`).join(", ")}) => ({ i${i}: ${
    needs.map((n) => `s${n}.i${n}`).join(" + ") || i
  } }))`,
});

const mixed: Shape = (i, needs, size) => ({
  declaration: classOf(i, needs),
  provider: `${i < size / 2 ? "singleton" : i % 2 ? "scoped" : "transient"}(S${i}, ${listOf(needs)})`,
});

/** The second half waits for a `Request` that only request scopes hold: the longest way through the types. */
const waiting: Shape = (i, needs, size) => {
  const half = i >= size / 2;
  const first = half && i % 10 === 0;
  return {
    declaration: classOf(i, needs, first ? "request: Request, " : ""),
    provider: `${half ? "scoped" : "singleton"}(S${i}, ${listOf(needs, first ? "Request, " : "")})`,
  };
};

function program(size: number, shape: Shape, uses: (size: number) => string): string {
  const parts = Array.from({ length: size }, (_, i) =>
    shape(
      i,
      [i - 1, i - 2, i - 3].filter((n) => n >= 0),
      size,
    ),
  );
  return `
    import { createContainer, type Scope, scoped, singleton, token, transient, value } from "thimble";
    ${parts.map((it) => it.declaration).join("\n")}
    export const app = createContainer(
      ${parts.map((it) => it.provider).join(",\n")},
    );
    export const plain: Scope = app;
    ${uses(size)}
  `;
}

const oneAsk = (size: number) => `app.get(S${Math.floor(size / 3)});`;
const manyAsks = (size: number) =>
  Array.from(
    { length: size },
    (_, i) => `app.createScope("request", value(Request, new Request(""))).get(S${i});`,
  ).join("\n");

/** Instantiations for programs of 250, 500 and 1000 providers. */
async function work(shape: Shape, uses: (size: number) => string): Promise<[number, number, number]> {
  const counts: number[] = [];
  for (const size of [250, 500, 1000]) {
    const { errors, instantiations } = await check({ "app.ts": program(size, shape, uses) });
    expect(errors).toEqual({});
    counts.push(instantiations);
  }
  return counts as [number, number, number];
}

describe.each([
  { title: "classes", shape: classes, uses: oneAsk, budget: 150_000 },
  { title: "tokens with factories", shape: factories, uses: oneAsk, budget: 150_000 },
  { title: "singletons, scoped and transient services", shape: mixed, uses: oneAsk, budget: 150_000 },
  { title: "services that wait for a request", shape: waiting, uses: oneAsk, budget: 250_000 },
  { title: "as many, each asked for in a scope of its own", shape: mixed, uses: manyAsks, budget: 300_000 },
])("a container of $title", ({ shape, uses, budget }) => {
  let counts: [number, number, number];

  beforeAll(async () => {
    counts = await work(shape, uses);
  });

  it(`of 500 providers with three dependencies each costs the checker less than ${budget} instantiations`, () => {
    console.log(`${counts[1]} instantiations, of ${budget}`);
    expect(counts[1]).toBeLessThan(budget);
  });

  it("costs twice as much when it is twice as large, and no more", () => {
    const [small, medium, large] = counts;

    // The step from 500 to 1000 adds twice what the step from 250 to 500 adds; in a quadratic checker, four times.
    expect((large - medium) / (medium - small)).toBeLessThan(2.2);
  });
});
