// The program under test: what a user of the library would have written.
import { singleton, token } from "thimble";

export const Clock = token("clock");

export class Db {
  #url = "postgres://shop";
  async query(sql) {
    throw new Error(`no database at ${this.#url} for ${sql}`);
  }
  async close() {}
}

export class Users {
  #db;
  #clock;
  constructor(db, clock) {
    this.#db = db;
    this.#clock = clock;
  }
  async greet(id) {
    const [name] = await this.#db.query(`select name from users where id = ${id}`);
    return `${this.#clock() < 12 ? "Good morning" : "Hello"}, ${name}`;
  }
  async forget() {
    await this.#db.close();
  }
}

export const providers = [
  singleton(Clock, () => () => new Date().getHours()),
  singleton(Db, [], () => new Db(), { dispose: (db) => db.close() }),
  singleton(Users, [Db, Clock]),
];
