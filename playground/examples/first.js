// A first container: look at the timeline. Db and Cache open at the same time, and every request has a scope of its own.
// Then close a scope by hand, and the container last.
import { createContainer, scoped, singleton, token, value } from "thimble";

const Visitor = token("visitor");

class Db {
  static async open() {
    await sleep(400);
    return new Db();
  }
  close = () => sleep(300);
}
class Cache {
  static async open() {
    await sleep(250);
    return new Cache();
  }
  flush = () => sleep(200);
}
class Users {
  constructor(db, cache) {}
}
class Greeter {
  constructor(users, visitor) {
    this.visitor = visitor;
  }
  greet = () => `Hello, ${this.visitor}`;
  goodbye = () => sleep(150);
}

const app = createContainer(
  "app",
  singleton(Db, [], Db.open, { dispose: (db) => db.close() }),
  singleton(Cache, [], Cache.open, { dispose: (cache) => cache.flush() }),
  singleton(Users, [Db, Cache]),
  scoped(Greeter, [Users, Visitor], {
    dispose: (greeter) => greeter.goodbye(),
  }),
);

for (const name of ["Ada", "Ben"]) {
  const request = app.createScope("request", value(Visitor, name));
  const greeter = await request.getAsync(Greeter);
  console.log(greeter.greet());
}

function sleep(ms) {
  return new Promise((done) => setTimeout(done, ms));
}
