// Who disposes what: look at the report. What the container built is disposed once; what you lent it stays yours.
// Elsewhere: a value that was only lent is closed under its owner, or one object is closed twice because of an alias.
import { alias, createContainer, singleton, token, value } from "thimble";

class Connection {
  constructor(name) {
    this.name = name;
  }
  async [Symbol.asyncDispose]() {
    await sleep(200);
    console.log(`${this.name} closed`);
  }
}
const Lent = token("lent");
const Owned = token("owned");
const Primary = token("primary");
const Store = token("store");

const lent = new Connection("the lent one");

const app = createContainer(
  "app",
  value(Lent, lent),
  value(Owned, new Connection("the owned one"), { owned: true }),
  singleton(Primary, () => new Connection("the primary")),
  alias(Store, Primary), // another name for the same object
);

app.get([Lent, Owned, Primary, Store]);
await app.shutdown();
console.log(`${lent.name} is still its owner's`);

function sleep(ms) {
  return new Promise((done) => setTimeout(done, ms));
}
