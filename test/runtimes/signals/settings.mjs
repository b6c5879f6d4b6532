// Prints what it is told to read, or why it may not.
import { readEnv } from "thimble/runtime";

const names = process.argv.slice(2);
try {
  const env = names.length > 0 ? readEnv(globalThis.Deno?.env, names) : readEnv();
  console.log(JSON.stringify({ PORT: env.PORT, MISSING: env.MISSING, constructor: env["constructor"] }));
} catch (error) {
  console.log(error.message);
}
