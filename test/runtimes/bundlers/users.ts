// A test file of Jest in TypeScript, which ts-jest compiles and checks.
import { afterAll, expect, jest, test } from "@jest/globals";
import * as thimble from "thimble";
import { createContainer, singleton } from "thimble";
import * as fast from "thimble/fast";
import { fake, testContainer } from "thimble/testing";

class Db {
  #url = "postgres://shop";
  async query(sql: string): Promise<string[]> {
    throw new Error(`no database at ${this.#url} for ${sql}`);
  }
}
class Users {
  #db: Db;
  constructor(db: Db) {
    this.#db = db;
  }
  names(): Promise<string[]> {
    return this.#db.query("select name from users");
  }
}

const query = jest.fn(async (_sql: string) => ["Ada"]);
const app = testContainer([singleton(Db), singleton(Users, [Db])], { override: [fake(Db, { query })] });
afterAll(() => app.shutdown());

test("a mock function of Jest stands in for a method", async () => {
  const names: string[] = await app.get(Users).names();
  expect(names).toEqual(["Ada"]);
  expect(query).toHaveBeenCalledWith("select name from users");
});

test("the types of the package have arrived", () => {
  // @ts-expect-error nothing provides it
  expect(() => createContainer().get(Users)).toThrow("NOT_PROVIDED");
});

test("the build is the fast one", () => {
  expect(thimble).toBe(fast);
});
