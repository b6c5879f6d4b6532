/**
 * Runs a program in a frame that has no origin, and hands on what it tells. Stopping takes the frame away, whatever the
 * program is doing: see ../sandbox/frame.js.
 */
import { element } from "../element.js";

/** A program that has not answered for so long, in milliseconds, is busy with itself. */
const patience = 2_000;
/** Nobody reads as many messages in a second. Reading them would leave the page no time for anything else. */
const flood = 1_000;

export class Runner {
  #host;
  #hear;
  #frame;
  /** @type {MessagePort | undefined} */
  #port;
  #code = "";
  #timer;
  #answeredAt = 0;
  #asked = 0;
  #second = 0;
  #heard = 0;

  /**
   * @param {HTMLElement} host
   * @param {(message: any) => void} hear  what the program tells, as plain data of unknown truth
   */
  constructor(host, hear) {
    this.#host = host;
    this.#hear = hear;
    addEventListener("message", ({ source, data }) => {
      if (this.#frame && source === this.#frame.contentWindow) hear(data);
    });
  }

  get isRunning() {
    return this.#frame !== undefined;
  }

  /** @param {string} code  with addresses for imports */
  run(code) {
    this.stop();
    this.#code = code;
    const frame = element("iframe", { title: "The program", hidden: true });
    frame.setAttribute("sandbox", "allow-scripts");
    frame.src = "/sandbox";
    frame.addEventListener("load", () => frame === this.#frame && this.#begin(), { once: true });
    this.#frame = frame;
    this.#host.append(frame);
  }

  #begin() {
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    port1.onmessage = ({ data }) => {
      if (this.#port !== port1) return;
      const now = performance.now();
      this.#answeredAt = now;
      if (now - this.#second > 1_000) [this.#second, this.#heard] = [now, 0];
      if (++this.#heard > flood) return this.#hear({ type: "flooded" });
      if (data?.type !== "pong") this.#hear(data);
      return undefined;
    };
    this.#answeredAt = performance.now();
    this.#timer = setInterval(() => {
      port1.postMessage({ type: "ping" });
      if (performance.now() - this.#answeredAt > patience) this.#hear({ type: "busy" });
    }, patience / 4);
    // A frame without an origin has no other address than "*". It is ours: the policy lets no other page into it.
    this.#frame.contentWindow.postMessage({ type: "run", code: this.#code }, "*", [port2]);
  }

  /** Asks the browser where it cannot read the program. The answer is a message `checked`. */
  check() {
    this.#frame?.contentWindow.postMessage({ type: "check", code: this.#code }, "*");
  }

  /** Does something to a scope of the program. The answer is a message `by hand` with the number that this returns. */
  byHand(what, scope, token) {
    const id = ++this.#asked;
    this.#port?.postMessage({ type: "by hand", id, what, scope, token });
    return id;
  }

  stop() {
    clearInterval(this.#timer);
    this.#port?.close();
    this.#frame?.remove();
    this.#port = this.#frame = undefined;
  }
}
