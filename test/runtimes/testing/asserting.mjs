// What the runners without `expect` have in common: those of Node and Deno.
import assert from "node:assert/strict";
import { value } from "thimble";
import { clone, fake, overridden, testContainer } from "thimble/testing";
import { Clock, Db, providers, Users } from "./shop.mjs";

/**
 * @param query Stands in for the method of the database, and gives Ada.
 * @param calls Gives the arguments of its calls.
 */
export function suite({ test, query, calls }) {
  const open = () => testContainer(providers, { override: [fake(Db, { query }), value(Clock, () => 9)] });

  test("a stand-in is called in place of the database", async () => {
    assert.equal(await open().get(Users).greet(7), "Good morning, Ada");
    assert.deepEqual(calls(), [["select name from users where id = 7"]]);
  });

  test("a member that was not given is named", async () => {
    await assert.rejects(open().get(Users).forget(), /Cannot use "close" of the fake "Db"/);
  });

  test("a fake can be compared and printed", () => {
    const db = open().get(Db);
    assert.deepEqual({ db }, { db });
    assert.throws(() => assert.deepEqual({ db }, { db: 1 }), /query/);
    console.log(db);
  });

  test("a clone goes its own way", async () => {
    const copy = clone(open());
    copy.override(value(Clock, () => 15));
    assert.equal(await copy.get(Users).greet(7), "Hello, Ada");
  });

  test("a provider is replaced for the length of a block", async () => {
    const app = open();
    assert.equal(await app.get(Users).greet(7), "Good morning, Ada");
    const block = overridden(
      app,
      value(Clock, () => 15),
    );
    assert.equal(await app.get(Users).greet(7), "Hello, Ada");
    await block[Symbol.asyncDispose]();
    assert.equal(await app.get(Users).greet(7), "Good morning, Ada");
  });
}
