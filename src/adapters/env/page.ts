/**
 * The environment of a page: what its author, or the server that sent it, wrote into it. There are three
 * places, and a later one wins:
 *
 * 1. `globalThis.__ENV__`, an object that a script has left there;
 * 2. `<script type="application/json" id="env">{ "API_URL": "/api" }</script>`;
 * 3. `data-api-url="/api"` on the script tag that runs right now (a module has none), which is the setting
 *    `API_URL`.
 *
 * @module
 */

import { copyEnv, type EnvRecord } from "./env.ts";

/** What we use of `window`. A worker has no document. */
export interface PageWithEnv {
  readonly __ENV__?: object;
  readonly document?: {
    querySelector(selector: string): { readonly textContent: string | null } | null;
    readonly currentScript: { readonly tagName: string; readonly dataset?: EnvRecord } | null;
  };
}

/**
 * Reads what is written in the page: all of it, or the given names.
 *
 * @example
 * ```ts
 * // <script type="application/json" id="env">{ "API": "/api" }</script>
 * const { API } = readEnv();
 * ```
 *
 * @throws when `<script id="env">` does not hold a JSON object.
 */
export function pageEnv(
  page: PageWithEnv = globalThis as unknown as PageWithEnv,
  names?: readonly string[],
): EnvRecord {
  const { __ENV__, document } = page;
  // A picture that is named "currentScript" takes the place of the script, and may come from where no script may.
  const script = document?.currentScript?.tagName === "SCRIPT" ? document.currentScript : undefined;
  const json = document?.querySelector('script[type="application/json"]#env')?.textContent;
  return copyEnv(
    {
      ...__ENV__,
      ...(typeof json === "string" && parsed(json)),
      ...attributes(script?.dataset),
    },
    names,
  );
}

function parsed(json: string): object {
  let settings: unknown;
  try {
    settings = JSON.parse(json);
  } catch (cause) {
    throw new SyntaxError(`Cannot read <script id="env">: ${(cause as Error).message}`, { cause });
  }
  if (typeof settings === "object" && settings !== null && !Array.isArray(settings)) return settings;
  throw new TypeError(`Cannot read <script id="env">: it holds ${json.trim()}, and settings are an object`);
}

/** The browser has made `apiUrl` of `data-api-url`. */
function attributes(dataset: EnvRecord = {}): EnvRecord {
  const settings = Object.entries(dataset).map(([name, value]) => [
    name.replace(/[A-Z]/g, "_$&").replaceAll("-", "_").toUpperCase(),
    value,
  ]);
  return Object.fromEntries(settings);
}
