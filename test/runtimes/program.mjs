// A small real program, the same in every place that the package is shipped to: services that take time to start, a request
// that uses them, and an orderly end. It is handed the library, so that it does not matter where that came from.

const turn = () => new Promise((resolve) => setTimeout(resolve, 1));

class Database {
  constructor(url) {
    this.url = url;
  }
}

class Mailer {
  constructor(database) {
    this.database = database;
  }
}

class Users {
  constructor(store, mailer) {
    this.sound = store === mailer.database;
  }
}

export async function program({ createContainer, token, value, singleton, scoped, alias, isContainerError }) {
  const events = [];
  const closing = (name) => ({
    async dispose() {
      await turn();
      events.push(`closed ${name}`);
    },
  });

  const Url = token("url");
  const Store = token("store");
  const Nowhere = token("nowhere");
  const open = async (url) => {
    await turn();
    events.push(`opened ${url}`);
    return new Database(url);
  };

  const app = createContainer(
    value(Url, "db://here"),
    singleton(Database, [Url], open, closing("database")),
    singleton(Mailer, [Database], closing("mailer")),
    alias(Store, Database),
    scoped(Users, [Store, Mailer], closing("users")),
  );
  const request = app.createScope("request");
  const [users, again] = await Promise.all([request.getAsync(Users), request.getAsync(Users)]);
  events.push(users === again && users.sound ? "one of each" : "too many");
  try {
    app.get(Nowhere);
  } catch (error) {
    events.push(isContainerError(error) ? error.code : String(error));
  }
  const { ok, services } = await app.shutdown();
  events.push(`${services.length} disposed, ${ok ? "ok" : "not ok"}`);
  return events;
}

export const expected = [
  "opened db://here",
  "one of each",
  "NOT_PROVIDED",
  "closed users",
  "closed mailer",
  "closed database",
  "3 disposed, ok",
];
