/**
 * Links that carry a program: compressed, in the fragment, which no browser sends to a server.
 */

/** A program longer than this is not taken from a link: a few letters may stand for any number of others. */
const most = 100_000;

/** @param {string} program */
export async function linkTo(program) {
  const stream = new Blob([program]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  const letters = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  const text = btoa(letters).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
  return new URL(`#program=${text}`, location.href).href;
}

/**
 * What a fragment asks for: an example by its name, or a program. Gives `undefined` for a fragment that is neither.
 *
 * @param {string} hash
 * @returns {Promise<{ example?: string, program?: string } | undefined>}
 */
export async function readLink(hash) {
  const [, key, text = ""] = /^#(example|program)=(.*)$/s.exec(hash) ?? [];
  if (key === "example") return { example: text };
  if (key !== "program") return undefined;
  try {
    const letters = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(letters, (letter) => letter.charCodeAt(0));
    return { program: await inflate(bytes) };
  } catch {
    return undefined;
  }
}

async function inflate(bytes) {
  const stream = new Blob([bytes])
    .stream()
    .pipeThrough(new DecompressionStream("deflate-raw"))
    .pipeThrough(new TextDecoderStream("utf-8", { fatal: true }));
  let program = "";
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return program;
    program += value;
    if (program.length > most) {
      await reader.cancel();
      throw new RangeError("the program is too long");
    }
  }
}
