// The pages of the reference: one for each entry point, and one that lists all exports with the first sentence of each.
// And llms.txt, which lists all pages.
import { format } from "prettier";
import { interfaceOf } from "./declarations.mjs";

const kinds = { interface: "interface ", typeAlias: "type ", class: "class " };

const headingOf = ({ name, kind }) => `${kinds[kind] ?? ""}\`${name}\``;
const anchorOf = ({ name, kind }) => ((kinds[kind] ?? "") + name).replace(/\W+/g, "-").toLowerCase();

const isType = ({ kind }) => kind === "interface" || kind === "typeAlias";
const isError = ({ kind }) => kind === "class";
const byName = (a, b) => a.name.localeCompare(b.name, "en");

const groups = [
  { heading: "Values", holds: (symbol) => !isType(symbol) && !isError(symbol) },
  { heading: "Errors", holds: isError },
  { heading: "Types", holds: isType },
];

/** Texts of comments name what they mean with `{@linkcode}`; where it is on this page, that is a link. */
const linked = (text, symbols) =>
  text.replace(/\{@link(?:code)? ([^}\s|]+)(?:\s*\|\s*([^}]+))?\}/g, (_, name, words) => {
    const found = symbols.find((symbol) => symbol.name === name.split(".")[0]);
    const shown = words?.trim() ?? `\`${name}\``;
    return found ? `[${shown}](#${anchorOf(found)})` : shown;
  });

const oneLine = (text) => text.replace(/\s*\n\s*/g, " ");

/** The first sentence. One that a name ends in a dot is none: a sentence goes on in lower case. */
export const firstSentence = (text) =>
  oneLine(text.split(/\n\n|\n```/)[0])
    .replace(/^(.*?[.:])(?: [A-Z`].*| ?$)/s, "$1")
    .replace(/:$/, ".");

async function laidOut(code) {
  const text = await format(code, { parser: "typescript", printWidth: 110 });
  return `\`\`\`typescript\n${text}\`\`\``;
}

const listOf = (title, lines) =>
  lines.length === 0 ? [] : [`${title}\n\n${lines.map((line) => `- ${oneLine(line)}`).join("\n")}`];

const partsOf = ({ params, returns, throws, examples }, link) => [
  ...listOf(
    "Parameters:",
    params.map(({ name, doc }) => `\`${name}\`: ${link(doc)}`),
  ),
  ...returns.map((doc) => `Returns: ${oneLine(link(doc))}`),
  ...listOf("Throws:", throws.map(link)),
  ...examples.flatMap((doc) => ["Example:", doc]),
];

const indented = (text) => text.replace(/^(?=.)/gm, "  ");

function memberOf(member, link) {
  const { comment, name } = member;
  const lines = [link(comment.doc) || "(its name says it)", ...partsOf(comment, link)];
  if (comment.default)
    lines.push(`Default: ${/[\s:]/.test(comment.default) ? comment.default : `\`${comment.default}\``}`);
  return `- \`${name}\`: ${indented(lines.join("\n\n")).trimStart()}`;
}

const toldMembersOf = ({ members = [] }) => members.filter(({ comment }) => comment.doc || comment.default);

/** The interfaces that these symbols extend, whose options no entry point would show otherwise. */
function hiddenBasesOf(symbols, entries) {
  const isExported = ({ name }) =>
    entries.some((entry) => entry.symbols.some((symbol) => symbol.name === name));
  const bases = symbols.flatMap((symbol) => symbol.bases ?? []).filter((base) => !isExported(base));
  return [...new Map(bases.map((base) => [base.name, base])).values()]
    .map((base) => interfaceOf(base))
    .filter((it) => it && toldMembersOf(it).length > 0)
    .map((it) => ({ ...it, isHidden: true }));
}

/** Where the rest of the members of a symbol is described: on this page, or on that of another entry point. */
function seeAlso({ bases = [], members = [] }, symbols, entries) {
  const links = bases.flatMap(({ name }) => {
    const here = symbols.find((symbol) => symbol.name === name);
    if (here) return [`[\`${name}\`](#${anchorOf(here)})`];
    const entry = entries.find((it) => it.symbols.some((symbol) => symbol.name === name));
    if (!entry) return [];
    return [`[\`${name}\`](${entry.file}#${anchorOf(entry.symbols.find((it) => it.name === name))})`];
  });
  const list = links.join(", ").replace(/, ([^,]*)$/, " and $1");
  return list && `For its ${members.length > 0 ? "other " : ""}members see ${list}.`;
}

async function sectionOf(symbol, link, also) {
  const { comment, code, forms = [], isHidden } = symbol;
  const parts = [`### ${headingOf(symbol)}`, link(comment.doc), await laidOut(code)];
  parts.push(...listOf("Its forms, from the shortest:", forms.map(link)));
  const told = toldMembersOf(symbol);
  if (isHidden) parts.splice(2, 0, "A part of the types that extend it; it has no export of its own.");
  if (told.length > 0) parts.push(told.map((member) => memberOf(member, link)).join("\n"));
  parts.push(also);
  return [...parts, ...partsOf(comment, link)].filter(Boolean).join("\n\n");
}

/** The other names of an entry point. Only the core has any: those of its two builds. */
const alsoNamed = (others) =>
  others.length === 0
    ? []
    : [`${others.map((it) => `\`${it}\``).join(" and ")} export the same: see [two builds](../builds.md).`];

/** The page of an entry point. */
export async function pageOf({ name, others, comment, symbols: exported }, entries) {
  const symbols = [...exported, ...hiddenBasesOf(exported, entries)];
  const link = (text) => linked(text, symbols);
  const about = comment.doc.replace(new RegExp(`^\`${name}\`: (.)`), (_, first) => first.toUpperCase());
  const sections = [`# \`${name}\``, link(about), ...alsoNamed(others)];
  for (const { heading, holds } of groups) {
    const members = symbols.filter(holds).toSorted(byName);
    if (members.length === 0) continue;
    sections.push(`## ${heading}`);
    for (const symbol of members)
      sections.push(await sectionOf(symbol, link, seeAlso(symbol, symbols, entries)));
  }
  return `${generated}\n\n${sections.join("\n\n")}\n`;
}

export const generated = "<!-- Made from the doc comments by `npm run docs`. -->";

/** The page that lists everything. */
export function indexOf(entries) {
  const parts = entries.map(({ name, others, file, symbols }) => {
    const own = symbols.filter((symbol) => !isType(symbol)).toSorted(byName);
    const types = symbols.filter(isType).toSorted(byName);
    const to = (symbol) => `[\`${symbol.name}\`](${file}#${anchorOf(symbol)})`;
    const lines = own.map((symbol) => {
      const code = /readonly code = "(\w+)"/.exec(symbol.code)?.[1];
      return `- ${to(symbol)}: ${code ? `\`${code}\`. ` : ""}${firstSentence(plain(symbol.comment.doc))}`;
    });
    const also = types.length > 0 ? `\n\nTypes: ${types.map(to).join(", ")}.` : "";
    const heading = [`## [\`${name}\`](${file})`, ...alsoNamed(others)].join("\n\n");
    return `${heading}\n\n${lines.join("\n")}${also}`;
  });
  const intro =
    "Every export of every entry point, with the first sentence about it. `thimble/runtime` is one of `thimble/node`, `/bun`, `/deno`,\n`/browser`, `/workers` and `/generic`, chosen by the runtime or bundler that resolves the import.";
  return `${generated}\n\n# Reference\n\n${intro}\n\n${parts.join("\n\n")}\n`;
}

const plain = (text) => linked(text, []);

/** What a page is about: the first sentence of a page that begins with one, or else its sections. */
function topicOf(text) {
  const [, ...rest] = text.split("\n\n");
  const [first = ""] = rest;
  // Recipes begin with what they were run with.
  const about = firstSentence(
    first.replace(/^Run (on \S+ )?with .*?\. (?=[A-Z`]|$)/s, "").replace(/^Run (on \S+ )?with .*$/s, ""),
  );
  if (about && !/^[`#<|-]{1,3}/.test(about)) return unlinked(about);
  const sections = [...text.replace(/^```.*?^```$/gms, "").matchAll(/^## (.*)$/gm)].map(([, it]) => it);
  return sections.length > 0 ? `${sections.join(". ")}.` : "";
}

const unlinked = (text) => text.replace(/\[([^\]]+)\]\([^)]*\)/g, "$1");

/** The list of all pages: https://llmstxt.org. `pages` has the text of each by its path. */
export function llmsOf({ summary, pages, entries }) {
  const line = ([path, text]) => {
    const title = /^# (.*)$/m.exec(text)[1].replaceAll("`", "");
    const topic = topicOf(text);
    return `- [${title}](${path})${topic ? `: ${topic}` : ""}`;
  };
  const group = (heading, pattern) =>
    `## ${heading}\n\n${pages
      .filter(([path]) => pattern.test(path))
      .map(line)
      .join("\n")}`;
  const reference = entries.map(({ name, file, comment }) => {
    const about = firstSentence(
      plain(comment.doc).replace(/^`[^`]+`: (.)/, (_, first) => first.toUpperCase()),
    );
    return `- [${name}](docs/reference/${file}): ${about}`;
  });
  return (
    [
      "# Thimble",
      `> ${summary}`,
      group("Pages", /^docs\/[\w-]+\.md$/),
      group("Recipes", /^docs\/recipes\//),
      group("Coming from other containers", /^docs\/coming-from\//),
      `## Reference\n\n- [Every export](docs/reference/README.md), in one line each\n${reference.join("\n")}`,
      "## Optional\n\n- [README](README.md)",
    ].join("\n\n") + "\n"
  );
}
