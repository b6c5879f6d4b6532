/**
 * Stands between the page and a program. The frame that this runs in has no origin (`sandbox="allow-scripts"`), and its
 * policy lets it load the modules of the playground and nothing else: a program that came with a link can neither read what
 * the page keeps nor send anything anywhere.
 *
 * The program runs in a worker of this frame, so that one that never ends stops neither the page nor this.
 */
const modules = new URL("/modules/", import.meta.url).href;

addEventListener("message", ({ source, data, ports }) => {
  if (source !== parent) return;
  if (data.type === "run") run(data.code, ports[0]);
  if (data.type === "check") check(data.code);
});

function run(code, port) {
  // A worker from the server would be of another origin than a frame that has none. One that is written here is not; only that
  // Chromium (153) refuses to start it as a module: "Refused to cross-origin redirects of the top-level worker script".
  const worker = new Worker(
    urlOf(`
      const begun = new Promise((resolve) => addEventListener("message", resolve, { once: true }));
      import(${JSON.stringify(`${modules}worker.js`)}).then(async ({ run }) => run(await begun));
    `),
  );
  worker.addEventListener("error", ({ message }) => parent.postMessage({ type: "broken", message }, "*"));
  worker.postMessage(code, [port]);
}

/**
 * Finds the line that the browser cannot read: `import()` rejects without it, and a script element tells. The first module
 * that it imports never finishes, so that the program is read and never run.
 */
function check(code) {
  const never = urlOf("await new Promise(() => {});");
  const script = document.createElement("script");
  script.type = "module";
  script.src = urlOf(`import ${JSON.stringify(never)}; ${code}`);
  addEventListener(
    "error",
    ({ message, lineno }) => parent.postMessage({ type: "checked", message, line: lineno }, "*"),
    { once: true },
  );
  document.head.append(script);
}

function urlOf(code) {
  return URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
}
