// An asynchronous cycle: look at the timeline. Each factory waits before it resolves the other, and yet nothing hangs.
// Elsewhere: both wait for each other, for ever, without a word.
import { createContainer, singleton, token } from "thimble";

const Session = token("session");
const Account = token("account");

const app = createContainer(
  "shop",
  singleton(Session, async ({ getAsync }) => {
    await sleep(300);
    return { account: await getAsync(Account) };
  }),
  singleton(Account, async ({ getAsync }) => {
    await sleep(300);
    return { session: await getAsync(Session) };
  }),
);

await app.getAsync(Session);

function sleep(ms) {
  return new Promise((done) => setTimeout(done, ms));
}
