// What the built declarations export, and what their doc comments say, read by `deno doc`. It tells structure and comments;
// how a declaration is written is taken from the declarations themselves, which TypeScript has laid out evenly.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url));

const files = new Map();

/** The symbols of a file of declarations, each with its first declaration, and the comment at its top. */
export function read(path) {
  const url = pathToFileURL(path).href;
  if (!files.has(url)) {
    const options = { encoding: "utf8", maxBuffer: 1 << 26, stdio: ["ignore", "pipe", "pipe"] };
    const env = { ...process.env, DENO_NO_UPDATE_CHECK: "1" };
    const deno = join(root, "node_modules/.bin/deno");
    const { nodes } = JSON.parse(execFileSync(deno, ["doc", "--json", url], { ...options, env, cwd: root }));
    files.set(url, nodes[url]);
  }
  const { module_doc: comment, symbols } = files.get(url);
  return {
    comment: commentOf(comment),
    // A file of declarations without any export statement shows all that is in it.
    symbols: symbols
      .map(({ name, declarations }) => ({
        name,
        declarations: declarations.filter((it) => it.declarationKind === "export"),
      }))
      .filter(({ declarations }) => declarations.length > 0)
      .map(({ name, declarations }) => symbolOf(name, declarations)),
  };
}

function symbolOf(name, declarations) {
  const [first] = declarations;
  const comment = commentOf(declarations.find(({ jsDoc }) => jsDoc)?.jsDoc);
  const { kind } = first;
  if (kind === "interface" || kind === "class" || kind === "typeAlias") {
    const bases = kind === "class" ? [] : basesOf(first.def, fileURLToPath(first.location.filename));
    return { name, kind, comment, code: textAt(first.location), members: membersOf(first.def), bases };
  }
  const callable = first.def.tsType?.value?.resolution;
  if (kind === "variable" && callable?.kind === "import") {
    const path = fileURLToPath(new URL(callable.specifier, first.location.filename));
    const type = read(path).symbols.find((it) => it.name === callable.name);
    const calls = type?.kind === "interface" ? callsOf(type.name, path) : [];
    // What is said of the type is said of its only value.
    if (!comment.doc && type) return { ...type, name, kind: "function", members: undefined };
    if (calls.length > 0) {
      return {
        name,
        kind: "function",
        comment,
        code: calls.map(({ code }) => `function ${name}${code}`).join("\n"),
        forms: calls.map((call) => call.comment.doc).filter(Boolean),
      };
    }
  }
  // A declaration may be exported under another name than its own.
  const code = declarations
    .map(({ location }) => textAt(location).replace(/^(function|const) [\w$]+/, `$1 ${name}`))
    .join("\n");
  return { name, kind, comment, code };
}

/** The types whose members an interface or a type has too, by `extends`, `Pick` or `Omit`, with the file of each. */
function basesOf(def, file) {
  if (def.tsType) return partOf(def.tsType.value) ? basesOf({ extends: [def.tsType] }, file) : [];
  return (def.extends ?? []).flatMap(({ value }) => {
    const whole = partOf(value);
    if (whole) return basesOf({ extends: [whole] }, file);
    const { kind, specifier, name } = value?.resolution ?? {};
    if (kind === "local") return [{ name: value.typeName, file }];
    return kind === "import"
      ? [{ name, file: join(dirname(file), specifier.replace(/\.js$/, ".d.ts")) }]
      : [];
  });
}

/** What `Pick` or `Omit` takes a part of. */
const partOf = (type) => (/^(?:Pick|Omit)$/.test(type?.typeName) ? type.typeParams[0] : undefined);

/** An interface that is exported by its file, though perhaps by no entry point. */
export const interfaceOf = ({ name, file }) =>
  read(file).symbols.find((symbol) => symbol.name === name && symbol.kind === "interface");

/** The call signatures of an interface, or of the one that it extends. */
function callsOf(name, path) {
  const symbols = files.get(pathToFileURL(path).href).symbols;
  const [{ def }] = symbols.find((it) => it.name === name).declarations;
  const own = (def.callSignatures ?? []).map((call) => ({
    code: textAt(call.location),
    comment: commentOf(call.jsDoc),
  }));
  if (own.length > 0) return own;
  return (def.extends ?? []).flatMap((base) => {
    const kind = /<("\w+")>/.exec(base.repr + typeArguments(base))?.[1];
    return callsOf(base.value?.typeName ?? base.repr, path).map((call) => ({
      ...call,
      code: kind ? call.code.replace(/\bKind\b/g, kind) : call.code,
    }));
  });
}

function typeArguments(type) {
  const [argument] = type.value?.typeParams ?? [];
  return argument?.value?.string === undefined ? "" : `<"${argument.value.string}">`;
}

const membersOf = (def) =>
  [...(def.properties ?? []), ...(def.methods ?? []), ...(def.indexSignatures ?? [])]
    .filter(({ accessibility, location }) => accessibility !== "private" && location)
    .map((member) => ({
      name: member.name,
      line: member.location.line,
      code: textAt(member.location),
      comment: commentOf(member.jsDoc),
    }))
    .toSorted((a, b) => a.line - b.line);

function commentOf(jsDoc) {
  const tags = (jsDoc?.tags ?? []).map(({ kind, name, doc, value }) => ({
    kind: kind === "unsupported" ? /^@(\w+)/.exec(value)?.[1] : kind,
    name,
    doc: (kind === "unsupported" ? value.replace(/^@\w+\s*/, "") : (doc ?? "")).trim(),
  }));
  const all = (kind) => tags.filter((tag) => tag.kind === kind);
  return {
    doc: (jsDoc?.doc ?? "").trim(),
    examples: all("example").map(({ doc }) => doc),
    throws: all("throws").map(({ doc }) => doc),
    params: [...all("param"), ...all("template")].map(({ name, doc }) => ({ name, doc })),
    returns: all("return").map(({ doc }) => doc),
    default: all("default")[0]?.doc,
  };
}

const sources = new Map();

/** A declaration without its comments: up to the line at its own depth that ends it. */
function textAt({ filename, line, col }) {
  if (!sources.has(filename))
    sources.set(filename, readFileSync(fileURLToPath(filename), "utf8").split("\n"));
  const [first, ...rest] = sources.get(filename).slice(line);
  const indent = /^ */.exec(first)[0].length;
  const taken = [first];
  if (!/;$|\{ ?\}$/.test(first)) {
    for (const next of rest) {
      taken.push(next);
      if (/^ */.exec(next)[0].length === indent && /[;}]$/.test(next)) break;
    }
  }
  return taken
    .join("\n")
    .replace(/^ *\/\*\*[\s\S]*?\*\/\n/gm, "")
    .replace(new RegExp(`^ {0,${Math.max(indent, col)}}`), "")
    .replace(/^export /, "")
    .replace(/^declare /, "");
}
