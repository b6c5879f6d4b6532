// A disposer that hangs: look at the report. At the deadline the rest is disposed all the same, and you are told what was not.
// Elsewhere: shutdown hangs with it, until somebody kills the process; or the first failure stops the rest.
import { createContainer, singleton } from "thimble";

class Db {
  close = () => console.log("the database is closed all the same");
}
class Queue {
  constructor(db) {}
  close = () => new Promise(() => {}); // never settles
}
class Mailer {
  constructor(db) {}
  close() {
    throw new Error("the mail server has hung up");
  }
}

const app = createContainer(
  "app",
  singleton(Db, { dispose: (db) => db.close() }),
  singleton(Queue, [Db], { dispose: (queue) => queue.close() }),
  singleton(Mailer, [Db], { dispose: (mailer) => mailer.close() }),
);

app.get([Queue, Mailer]);
await app.shutdown({ timeout: 1_000 });
