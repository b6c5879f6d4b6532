/**
 * A Chromium that has letters. Without a font every word is as wide as nothing: then nothing is visible, and any
 * page fits any window. The package that carries the browser carries a font as well, but no file that leads to it.
 *
 * @module
 */

import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { chromium, type Browser } from "playwright-core";
import { launchOptions } from "../support/chromium.mjs";

export async function launchBrowser(): Promise<Browser> {
  const options = await launchOptions();
  const folder = mkdtempSync(join(tmpdir(), "thimble-fonts-"));
  const file = join(folder, "fonts.conf");
  writeFileSync(
    file,
    `<?xml version="1.0"?>
    <!DOCTYPE fontconfig SYSTEM "fonts.dtd">
    <fontconfig>
      <dir>${join(dirname(options.executablePath!), "fonts")}</dir>
      <dir>/usr/share/fonts</dir>
      <cachedir>${folder}</cachedir>
    </fontconfig>`,
  );
  return await chromium.launch({ ...options, env: { ...process.env, FONTCONFIG_FILE: file } });
}
