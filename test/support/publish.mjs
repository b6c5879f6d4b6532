// Run by `npm publish`, before anything is sent: what only whoever publishes knows has to be set in package.json.
//
//   node test/support/publish.mjs [another package.json]
import { readFileSync } from "node:fs";

const path = process.argv[2] ?? new URL("../../package.json", import.meta.url);
const manifest = JSON.parse(readFileSync(path, "utf8"));
const missing = ["homepage", "repository", "bugs"].filter((name) => !manifest[name]);
if (missing.length > 0) {
  console.error(`package.json says nothing of ${missing.join(", ")}: see "Publishing" in CONTRIBUTING.md`);
  process.exitCode = 1;
}
