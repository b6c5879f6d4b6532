// Requests at once: look at the scopes. Three visitors overlap, and each finds their own name after every await.
// Elsewhere: whoever resolves last after an await gets the scope of another request.
import {
  createContainer,
  currentScope,
  scoped,
  singleton,
  token,
  value,
} from "thimble";

const Visitor = token("visitor");

class Db {
  query = async (ms) => void (await sleep(ms));
}
class Page {
  constructor(db, visitor, scope) {
    this.render = async (ms) => {
      await db.query(ms);
      return `${visitor} in ${scope.id}`;
    };
  }
}

const app = createContainer(
  "site",
  singleton(Db),
  scoped(Page, [Db, Visitor, currentScope], { dispose: () => sleep(150) }),
);

async function handle(name, ms) {
  const request = app.createScope("request", value(Visitor, name));
  try {
    const page = await request.getAsync(Page);
    console.log(await page.render(ms));
  } finally {
    await request.shutdown();
  }
}

await Promise.all([
  handle("Ada", 900),
  handle("Ben", 300),
  handle("Eve", 600),
]);
console.log(`${app.children.length} scopes are open`);

function sleep(ms) {
  return new Promise((done) => setTimeout(done, ms));
}
