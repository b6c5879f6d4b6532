// Pictures of the inspector's page, light and dark, on a desktop and on a phone: node test/runtimes/inspector/screenshots.mjs
// [folder]. Not a test: somebody has to look at them.
import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { launchBrowser } from "../../playground/browser.ts";

const folder = process.argv[2] ?? "/tmp/inspector-screenshots";
mkdirSync(folder, { recursive: true });
const program = spawn(process.execPath, [fileURLToPath(new URL("program.mjs", import.meta.url))], {
  stdio: ["ignore", "pipe", "inherit"],
});
const [line] = await once(program.stdout, "data");
const url = String(line).trim();
const browser = await launchBrowser();
try {
  for (const colorScheme of ["light", "dark"])
    for (const { device, viewport } of [
      { device: "desktop", viewport: { width: 1440, height: 900 } },
      { device: "phone", viewport: { width: 390, height: 844 } },
    ])
      for (const name of ["shop", "evil"]) {
        const context = await browser.newContext({
          colorScheme,
          viewport,
          deviceScaleFactor: device === "phone" ? 2 : 1,
        });
        const page = await context.newPage();
        page.on("console", (message) => console.log(name, message.text()));
        page.on("pageerror", (error) => console.log(name, error.message));
        await page.goto(`${url}${name}?token=letmein`);
        await page.getByText("live", { exact: true }).waitFor();
        await page.locator("svg .node").first().waitFor();
        await page.getByRole("navigation").getByRole("button").nth(5).click();
        await page.waitForTimeout(600);
        await page.screenshot({ path: `${folder}/${name}-${device}-${colorScheme}.png`, fullPage: true });
        await context.close();
      }
} finally {
  await browser.close();
  program.kill();
}
