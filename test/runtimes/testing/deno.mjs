import { suite } from "./asserting.mjs";

const calls = [];
const query = async (...args) => (calls.push(args), ["Ada"]);
suite({ test: Deno.test, query, calls: () => calls });
