// Built once: look at the timeline, where five callers wait for one build. The first attempt fails, and is not remembered.
// Elsewhere: one build for each caller that waits, or a failure that stays for ever.
import { createContainer, singleton, token } from "thimble";

const Rates = token("rates");
let attempts = 0;

const app = createContainer(
  "shop",
  singleton(Rates, async () => {
    const attempt = ++attempts;
    console.log(`attempt ${attempt} begins`);
    await sleep(400);
    if (attempt === 1) throw new Error("the bank does not answer");
    return { USD: 1.1 };
  }),
);

const callers = () =>
  Promise.allSettled([1, 2, 3, 4, 5].map(() => app.getAsync(Rates)));

const failed = await callers();
const [first] = failed;
console.log(
  "all five have one error:",
  failed.every(({ reason }) => reason === first.reason),
);

const served = await callers();
console.log(
  "all five have one object:",
  served.every(({ value }) => value === served[0].value),
);
console.log(`${attempts} attempts for ten callers`);

function sleep(ms) {
  return new Promise((done) => setTimeout(done, ms));
}
