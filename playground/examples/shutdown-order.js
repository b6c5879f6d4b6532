// The order of shutdown: look at the end of the timeline. The writer flushes, and only then the database closes.
// Elsewhere: in order of creation, or all at once, so that the flush finds a database that is closed already.
import { createContainer, singleton } from "thimble";

class Db {
  isOpen = true;
  write = (row) =>
    console.log(this.isOpen ? `written: ${row}` : `LOST: ${row}`);
  async close() {
    await sleep(250);
    this.isOpen = false;
  }
}
class Metrics {
  close = () => sleep(700);
}
class Writer {
  rows = ["one", "two"];
  constructor(db) {
    this.db = db;
  }
  async flush() {
    for (const row of this.rows) {
      await sleep(200);
      this.db.write(row);
    }
  }
}
class Server {
  drain = () => sleep(300);
}

const app = createContainer(
  "app",
  // It waits before it asks for the database: the database is the newer one of the two.
  singleton(
    Writer,
    async ({ getAsync }) => {
      await sleep(150);
      return new Writer(await getAsync(Db));
    },
    { dispose: (writer) => writer.flush() },
  ),
  singleton(Db, { dispose: (db) => db.close() }),
  singleton(Metrics, { dispose: (metrics) => metrics.close() }),
  singleton(Server, [], () => new Server(), {
    after: [Writer, Metrics],
    stop: (server) => server.drain(),
  }),
);

await app.getAsync(Server);
const report = await app.shutdown();
console.log(report.services.map(({ token }) => token).join(", then "));

function sleep(ms) {
  return new Promise((done) => setTimeout(done, ms));
}
