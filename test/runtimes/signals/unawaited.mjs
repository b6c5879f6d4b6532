// The first call forgets its `await`; what it starts fails, and only that tells.
import process from "node:process";
import { createContainer, singleton, token } from "thimble";

const Db = token("db");
const app = createContainer(
  singleton(Db, async () => {
    throw new Error("no database");
  }),
);
// oxlint-disable typescript/no-floating-promises -- They are what this program is about.
if (process.argv.includes("runAsync")) app.runAsync([Db], () => console.log("started"));
else app.getAsync(Db);
// Bun prints the error, goes on, and ends with 1; the others end here.
await new Promise((resolve) => setTimeout(resolve, 50));
