// What the runners with `expect` have in common: Vitest, Jest and Bun.
import { value } from "thimble";
import { clone, fake, overridden, testContainer } from "thimble/testing";
import { Clock, Db, providers, Users } from "./shop.mjs";

/**
 * @param isMock Whether something is a mock function of the runner.
 * @param shown What the runner shows of a fake that is not what was expected.
 */
export function suite({ test, expect, mock, isMock, shown }) {
  const query = mock(async () => ["Ada"]);
  const open = () => testContainer(providers, { override: [fake(Db, { query }), value(Clock, () => 9)] });

  test("a mock function counts its calls", async () => {
    expect(await open().get(Users).greet(7)).toBe("Good morning, Ada");
    expect(query).toHaveBeenCalledWith("select name from users where id = 7");
  });

  test("a member that was not given is named", async () => {
    await expect(open().get(Users).forget()).rejects.toThrow('Cannot use "close" of the fake "Db"');
  });

  test("a fake can be compared and printed", () => {
    const db = open().get(Db);
    expect({ db }).toEqual({ db });
    expect(() => expect({ db }).toStrictEqual({ db: 1 })).toThrow(shown);
    expect(isMock(db)).toBe(false);
    console.log(db);
  });

  test("a clone goes its own way", async () => {
    const copy = clone(open());
    copy.override(value(Clock, () => 15));
    expect(await copy.get(Users).greet(7)).toBe("Hello, Ada");
  });

  test("a provider is replaced for the length of a block", async () => {
    const app = open();
    expect(await app.get(Users).greet(7)).toBe("Good morning, Ada");
    const block = overridden(
      app,
      value(Clock, () => 15),
    );
    expect(await app.get(Users).greet(7)).toBe("Hello, Ada");
    await block[Symbol.asyncDispose]();
    expect(await app.get(Users).greet(7)).toBe("Good morning, Ada");
  });
}
