// A Chromium with no hand step: the binary that the npm package @sparticuz/chromium carries, unpacked once per version.
// $CHROMIUM_PATH names another one.
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const at = (path) => fileURLToPath(new URL(`../../node_modules/${path}`, import.meta.url));

export async function launchOptions() {
  return {
    executablePath: process.env.CHROMIUM_PATH ?? (await unpacked()),
    args: [
      "--no-sandbox", // root has none to offer; the pages are our own
      "--disable-gpu",
      "--disable-quic",
      "--disable-dev-shm-usage",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      // every name but loopback is unknown: the browser asks nobody for anything
      "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
    ],
  };
}

async function unpacked() {
  const { version } = JSON.parse(readFileSync(at("@sparticuz/chromium/package.json"), "utf8"));
  const { TMPDIR } = process.env;
  // It unpacks into the temporary folder and takes whatever "chromium" lies there, one of another version too.
  process.env.TMPDIR = at(`.cache/chromium-${version}`);
  mkdirSync(process.env.TMPDIR, { recursive: true });
  // Believing itself in a bare Lambda it also unpacks the libraries that Debian does not have by default (libnss3 and others).
  process.env.AWS_LAMBDA_JS_RUNTIME ??= "nodejs22.x";
  try {
    return await (await import("@sparticuz/chromium")).default.executablePath();
  } finally {
    if (TMPDIR === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = TMPDIR;
  }
}

// Run by itself it says which Chromium that is, and fails when there is none that starts.
if (import.meta.main) {
  const { executablePath } = await launchOptions();
  execFileSync(executablePath, ["--version"], { stdio: "inherit" });
}
