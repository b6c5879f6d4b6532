/**
 * Runs one program, and tells the page what comes of it: what it prints, what fails, what its containers do.
 *
 * The page talks through a port that the program does not have. All that is sent is plain data, and is only ever shown as
 * text.
 */
import { began, doByHand, explainNow, tellTo } from "./watch.js";
import { describe, setProgram, show } from "./show.js";

// The line of the program may lie far below those of the library.
Error.stackTraceLimit = 100;

/** What is printed is sent at once, until it becomes a flood: then it is sent when the program lets go. */
const atOnce = 100;
const most = 500;

/** @type {MessagePort} */
let port;
let printed = 0;
let sentAt = 0;
let sent = 0;

/** @param {MessageEvent} event  the program, and the port */
export async function run({ data: code, ports: [given] }) {
  port = given;
  port.onmessage = ({ data }) => void answer(data);
  const send = port.postMessage.bind(port);
  tellTo(send);

  const url = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
  setProgram(url);
  addEventListener("error", (event) => {
    event.preventDefault();
    fail(event.error ?? event.message, "Nobody caught this");
  });
  addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    fail(event.reason, "Nobody caught this");
  });

  send({ type: "began" });
  try {
    await import(url);
    explainNow();
    send({ type: "done", elapsed: performance.now() - began });
  } catch (error) {
    explainNow();
    send({ type: "threw", error: describe(error), isSyntax: error instanceof SyntaxError });
  }

  function fail(error, title) {
    explainNow();
    send({ type: "failed", title, error: describe(error) });
  }
}

// ---- The console

for (const level of ["log", "info", "warn", "error", "debug"]) {
  const original = console[level].bind(console);
  console[level] = (...values) => {
    if (!port) return original(...values);
    if (++printed > most) return undefined;
    const isLast = printed === most;
    const errors = isLast ? [] : values.filter((it) => it instanceof Error);
    const isText = errors.length === 0 || errors.length < values.length;
    const message = {
      type: "printed",
      level,
      // An error that is printed with something else stands in that text, and follows with all that it carries.
      ...(isText && {
        text: isLast ? "That is enough: what follows is not shown." : values.map((it) => show(it)).join(" "),
      }),
      at: performance.now() - began,
      errors: errors.map((it) => describe(it)),
    };
    const now = performance.now();
    if (now - sentAt > 100) [sentAt, sent] = [now, 0];
    if (++sent <= atOnce) port.postMessage(message);
    else setTimeout(() => port.postMessage(message));
    return undefined;
  };
}

// ---- By hand

async function answer({ type, what, scope, token, id }) {
  if (type === "ping") return port.postMessage({ type: "pong", id });
  if (type !== "by hand") return undefined;
  let outcome;
  try {
    outcome = { text: await doByHand(what, scope, token) };
  } catch (error) {
    outcome = { error: describe(error) };
  }
  explainNow();
  return port.postMessage({ type: "by hand", id, ...outcome });
}
