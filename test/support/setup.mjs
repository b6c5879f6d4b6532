// What the tests need and npm cannot bring: a whole Chromium, because the one from npm is built without a back/forward
// cache. On a Debian that lets us, it is installed; elsewhere this says what is missing, and fails.
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";

const known = () => [process.env.CHROMIUM_PATH, "/usr/bin/chromium"].find((path) => path && existsSync(path));

if (!known()) {
  if (process.getuid?.() !== 0 || !existsSync("/usr/bin/apt-get")) {
    console.error("There is no Chromium: apt-get install chromium, or name one in CHROMIUM_PATH");
    process.exit(1);
  }
  const options = { stdio: "inherit", env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } };
  execFileSync("apt-get", ["update", "-qq"], options);
  // With it come the libraries that the Chromium from npm needs, too.
  execFileSync(
    "apt-get",
    ["install", "-y", "-qq", "--no-install-recommends", "chromium", "fonts-liberation"],
    options,
  );
}
console.log(execFileSync(known(), ["--version", "--no-sandbox"], { encoding: "utf8" }).trim());
