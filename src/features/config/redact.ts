/**
 * Redaction: what errors and tables may show of the values of settings.
 *
 * Any value may turn out to be a secret that nobody has marked with `secret()`: a password with a character that makes
 * a connection string unreadable, a key that was set under the name of a port. Errors end up in logs. So they show as
 * much of a value as it takes to recognise it, on one line: short texts whole, of longer ones the beginning, of URLs
 * the scheme and the host, of JSON and quoted text the first character. The reasons that parsers and schemas give
 * repeat no more of a value than that.
 *
 * @module
 */

/** An error whose message is redacted already. */
export class RedactedError extends Error {}

/** Texts up to this length are shown whole. */
const shortText = 12;
/** Of longer texts the beginning is shown: a third, and no more than this. */
const longestBeginning = 8;
/** What a reason repeats of the hidden part of a text is found from this length on. */
const repeated = 4;
const longestReason = 160;
const longestHost = 40;

/** Returns what may be shown of the text of a setting. */
export function redact(text: string): string {
  const line = onOneLine(text);
  if (/^\s*[{["'`]/.test(line)) return shorten(line.trim(), 1);

  const [scheme] = /^[a-z][\w+.:-]*:\/\//i.exec(line) ?? [""];
  const rest = line.slice(scheme.length);
  const at = endOfCredentials(rest);
  if (scheme || (at > 0 && rest.slice(0, at).includes(":"))) {
    const after = rest.slice(at + 1);
    const [host] = /^[\p{L}\p{N}.:[\]_-]*/u.exec(after) as unknown as [string];
    const shown = at < 0 ? withoutPassword(host) : host;
    return scheme + (at < 0 ? "" : "***@") + shorten(shown, longestHost) + (host === after ? "" : "…");
  }
  return line.length > shortText ? shorten(line, Math.min(line.length / 3, longestBeginning)) : line;
}

/**
 * Returns the position of the "@" that ends the credentials of a URL without its scheme, or -1. Credentials with a
 * password extend to the last "@", because what makes a URL unreadable is often a "/", "#" or "@" in the password.
 */
function endOfCredentials(rest: string): number {
  const [authority] = /^[^/?#]*/.exec(rest) as unknown as [string];
  return (authority.includes(":") ? rest : authority).lastIndexOf("@");
}

/** "redis://:password" and "redis://user:password" have no host. What is in the place of the port is no port. */
function withoutPassword(host: string): string {
  return host.startsWith("[") ? host : host.replace(/:(?!\d{1,5}$).*/, ":***");
}

/** Masks the credentials of URLs in a text, by the rule of `endOfCredentials`, and shows the rest of it. */
export function maskCredentials(text: string): string {
  let masked = "";
  let rest = text;
  // A loop and no regular expression, which would take time that grows with the square of the length of some texts.
  while (rest.includes("@") && rest.includes("://")) {
    const start = rest.indexOf("://") + 3;
    masked += rest.slice(0, start);
    rest = rest.slice(start);
    const at = endOfCredentials(rest);
    if (at < 0) continue;
    masked += "***";
    rest = rest.slice(at);
  }
  return (masked + rest).replace(secretParameter, "$1***");
}

/** A parameter of a URL whose name says that its value is a secret. */
const secretParameter = /([?&;][\w-]{0,40}(?:pass|pwd|secret|token|key|sig)[\w-]{0,40}=)[^&;#\s"]+/gi;

/** Returns what an error says about a text, on one line and without what it repeats of the text. */
export function reasonOf(error: unknown, text: string): string {
  if (error instanceof RedactedError) return error.message;
  try {
    const { issues, message } = Object(error) as { issues?: unknown; message?: unknown };
    // The errors that zod and valibot throw have issues, as a schema's answer has. The message of zod's is JSON.
    if (Array.isArray(issues) && issues.length > 0)
      return summaryOf(
        issues.map((issue: { message?: unknown }) => issue.message),
        text,
      );
    return summaryOf([error instanceof Error ? message : error], text);
  } catch {
    // An error may be made so that it cannot be read. The problem is reported without a reason.
    return "";
  }
}

/** Makes one short line of what a parser or schema says about a text. Of each message, the first line is enough. */
export function summaryOf(messages: readonly unknown[], text: string): string {
  const lines = messages.map((message) => {
    const [first = ""] = String(message)
      .trimStart()
      .split(/[\n\r\u2028\u2029]/, 1);
    return onOneLine(first).trim();
  });
  const summary = lines.filter((line) => line !== "").join("; ");
  return shorten(maskCredentials(withoutRepeats(summary.slice(0, 4 * longestReason), text)), longestReason);
}

/** Replaces what the summary repeats of the text, except for what is shown of the text anyway. */
function withoutRepeats(summary: string, text: string): string {
  const shown = redact(text);
  if (shown === text) return summary;
  let result = "";
  for (let from = 0; from < summary.length;) {
    let to = from;
    while (to < summary.length && text.includes(summary.slice(from, to + 1))) to++;
    const run = summary.slice(from, to);
    if (run.length < repeated || shown.includes(run)) {
      result += summary[from++];
    } else {
      result += run === text ? shown : "…";
      from = to;
    }
  }
  return result;
}

/** Replaces whitespace, and characters that are not visible and could end the line or change how it looks. */
export function onOneLine(text: string): string {
  return text.replace(/[\s\p{C}]+/gu, " ");
}

function shorten(text: string, length: number): string {
  // Not between the two halves of a character.
  return text.length > length ? text.slice(0, length).replace(/[\ud800-\udbff]$/, "") + "…" : text;
}
