// Pictures of the playground, light and dark, on a desktop and on a phone: node test/playground/screenshots.mjs [folder]
// [example …]. Not a test: somebody has to look at them.
import { mkdirSync } from "node:fs";
import { launchBrowser } from "./browser.ts";
import { start } from "./program.ts";

const [folder = "/tmp/playground-screenshots", ...wanted] = process.argv.slice(2);
const examples = wanted.length > 0 ? wanted : ["first", "captive", "hanging-disposer", "whole-app"];
mkdirSync(folder, { recursive: true });

const devices = [
  { device: "desktop", viewport: { width: 1440, height: 900 } },
  { device: "tablet", viewport: { width: 1024, height: 768 } },
  { device: "phone", viewport: { width: 390, height: 844 }, deviceScaleFactor: 2 },
  { device: "sideways", viewport: { width: 844, height: 390 }, deviceScaleFactor: 2 },
];

const [program, browser] = await Promise.all([start("node", ["playground/start.ts"]), launchBrowser()]);
try {
  for (const colorScheme of ["light", "dark"])
    for (const { device, ...options } of devices)
      for (const example of examples) {
        const context = await browser.newContext({ colorScheme, ...options });
        const page = await context.newPage();
        page.on("console", (message) => console.log(example, message.text()));
        page.on("pageerror", (error) => console.log(example, error.message));
        await page.goto(`${program.url}/#example=${example}`);
        await page.locator('#status:not([data-kind="busy"]):not([data-kind="idle"])').waitFor();
        await page.waitForTimeout(400);
        const shoot = (name) =>
          page.screenshot({ path: `${folder}/${example}-${device}-${colorScheme}${name}.png` });
        await shoot("");
        if (device === "phone" && example === examples[0])
          for (const tab of ["Graph", "Timeline", "Output"]) {
            await page.getByRole("button", { name: tab, exact: true }).click();
            await page.waitForTimeout(200);
            await shoot(`-${tab.toLowerCase()}`);
          }
        await context.close();
      }
  for (const colorScheme of ["light", "dark"])
    for (const { device, ...options } of devices) {
      const page = await browser.newPage({ colorScheme, ...options });
      await page.goto(`${program.url}/shortener`);
      await page.getByRole("button", { name: "Five at once" }).click();
      await page.waitForTimeout(1_500);
      await page.screenshot({ path: `${folder}/shortener-${device}-${colorScheme}.png` });
      await page.close();
    }
} finally {
  await browser.close();
  program.kill();
}
