/** The report as text: a row per kind of work, a column per subject, and at the foot what a letter stands for. */

const grouped = (n) => (n < 1_000 ? String(n) : String(n).replace(/\B(?=(\d{3})+$)/g, " "));

/** The precision that is printed, and so the precision at which an aim is met or missed. */
const rounded = (ratio) => (ratio < 9.95 ? Math.round(ratio * 10) / 10 : Math.round(ratio));

/** Whether a build does what it set out to do in this row; undefined when it was not measured or aims for nothing. */
export function meets({ aims, atLeast, cells }, name) {
  const got = cells[name]?.ratio ?? cells[name]?.value;
  const aim = aims[name];
  if (got === undefined || aim === undefined) return undefined;
  return atLeast ? got >= aim : rounded(got) <= rounded(aim);
}

export function table({ rows, subjects, peers, builds, against }) {
  const notes = [];
  const noted = (text) => {
    if (!notes.includes(text)) notes.push(text);
    return letter(notes.indexOf(text));
  };

  const cell = (it) => {
    if (!it) return "";
    if (it.wrong) return `✗ ${noted(it.wrong)}`;
    if (it.unsupported) return `– ${noted(it.unsupported)}`;
    const awaited = it.awaited === undefined ? "" : ` (awaited ${rounded(it.awaited)})`;
    const remark = it.remark ? ` ${noted(it.remark)}` : "";
    return grouped(it.value ?? rounded(it.ratio)) + awaited + remark;
  };
  const aim = ({ aims, met, atLeast }, name) => {
    if (aims[name] === undefined) return "";
    return `${atLeast ? "≥" : "≤"} ${grouped(rounded(aims[name]))}${met[name] === false ? "  ✗ missed" : ""}`;
  };

  // Two builds often differ by less than what another container differs by, so this tells how sure it is.
  const toOther = (it) => {
    if (!it) return "";
    const spread = it.low === undefined ? "" : ` (${it.low.toFixed(2)} to ${it.high.toFixed(2)})`;
    return it.ratio.toFixed(2) + spread;
  };

  const head = [
    "",
    "work",
    "1 is",
    ...subjects.map((it) => it.title),
    ...(against ? builds.map((name) => `${name} to ${against.name}`) : []),
    ...builds.map((name) => `aim of ${name}`),
  ];
  const lines = rows.map((row) => [
    row.id,
    row.title,
    row.reference === undefined ? "" : duration(row.reference),
    ...subjects.map((it) => cell(row.cells[it.name])),
    ...(against ? builds.map((name) => toOther(row.against[name])) : []),
    ...builds.map((name) => aim(row, name)),
  ]);
  const widths = head.map((_, i) => Math.max(...[head, ...lines].map((line) => line[i].length)));
  const format = (line) =>
    line
      .map((it, i) => it.padEnd(widths[i]))
      .join("  ")
      .trimEnd();

  return [
    format(head),
    format(widths.map((it) => "─".repeat(it))),
    ...lines.map(format),
    "",
    ...notes.map((it, i) => `${letter(i)}  ${it}`),
    `${Object.entries(peers)
      .map((it) => it.join(" "))
      .join(", ")}`,
  ].join("\n");
}

const letter = (i) => String.fromCharCode(97 + i);

function duration(nanoseconds) {
  const [size, unit] = nanoseconds < 1e3 ? [1, "ns"] : nanoseconds < 1e6 ? [1e3, "µs"] : [1e6, "ms"];
  const amount = nanoseconds / size;
  return `${amount < 9.95 ? amount.toFixed(1) : Math.round(amount)} ${unit}`;
}
