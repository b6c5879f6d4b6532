/**
 * The editor, which is CodeMirror: one document that can be changed, perhaps some that can only be read, and the lines of
 * the program that have failed, each with what the error says below it.
 *
 * It lives in a shadow tree. There CodeMirror adopts its style sheets, which the page's policy allows; elsewhere it would
 * write a style element, which the policy does not.
 */
import { javascript } from "@codemirror/lang-javascript";
import { bracketMatching, HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { Compartment, EditorState, StateEffect, StateField } from "@codemirror/state";
import {
  Decoration,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  keymap,
  lineNumbers,
  WidgetType,
} from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { minimalSetup } from "codemirror";
import { element } from "../element.js";

/** @typedef {{ line: number, text: string }} Mark */

/** @type {import("@codemirror/state").StateEffectType<readonly Mark[]>} */
const setMarks = StateEffect.define();

class Message extends WidgetType {
  constructor(text) {
    super();
    this.text = text;
  }
  eq({ text }) {
    return text === this.text;
  }
  toDOM() {
    return element("div", { className: "cm-message" }, this.text);
  }
  ignoreEvent() {
    return true;
  }
}

const failedLine = Decoration.line({ class: "cm-failed" });

/** Where a program has failed. An edit moves the lines, and what was said of them goes with the next run. */
const marks = StateField.define({
  create: () => Decoration.none,
  update(all, { changes, effects, state }) {
    let next = all.map(changes);
    for (const effect of effects) if (effect.is(setMarks)) next = decorations(effect.value, state.doc);
    return next;
  },
  provide: (field) => EditorView.decorations.from(field),
});

function decorations(all, doc) {
  return Decoration.set(
    all
      .filter(({ line }) => line >= 1 && line <= doc.lines)
      .flatMap(({ line, text }) => {
        const { from, to } = doc.line(line);
        const message = Decoration.widget({ widget: new Message(text), block: true, side: 1 });
        return [failedLine.range(from), message.range(to)];
      }),
    true,
  );
}

/** What is selected: of the page, if the editor has not heard of that yet. */
function selectionOf(view) {
  const { main } = view.state.selection;
  const selection = view.root.getSelection?.() ?? document.getSelection();
  const { anchorNode, anchorOffset, focusNode, focusOffset } = selection ?? {};
  if (!main.empty || !view.contentDOM.contains(anchorNode) || !view.contentDOM.contains(focusNode))
    return main;
  const ends = [view.posAtDOM(anchorNode, anchorOffset), view.posAtDOM(focusNode, focusOffset)];
  return { from: Math.min(...ends), to: Math.max(...ends) };
}

/**
 * Replaces a selection by what is typed or pasted over it. Chromium, left to do it, writes style attributes, and the policy
 * of the page makes it complain of each.
 */
const replacing = EditorView.domEventHandlers({
  beforeinput(event, view) {
    const { inputType, data, isComposing } = event;
    if (inputType !== "insertText" || !data || isComposing) return false;
    const { from, to } = selectionOf(view);
    if (from === to) return false;
    event.preventDefault();
    const insert = view.state.toText(data);
    view.dispatch({
      changes: { from, to, insert },
      selection: { anchor: from + insert.length },
      userEvent: "input.type",
      scrollIntoView: true,
    });
    return true;
  },
});

const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.modifier, tags.operatorKeyword], color: "var(--code-keyword)" },
  { tag: [tags.string, tags.special(tags.string), tags.regexp], color: "var(--code-string)" },
  { tag: [tags.number, tags.bool, tags.null, tags.atom], color: "var(--code-number)" },
  { tag: [tags.lineComment, tags.blockComment], color: "var(--code-comment)" },
  { tag: [tags.className, tags.typeName, tags.definition(tags.typeName)], color: "var(--code-class)" },
  {
    tag: [tags.function(tags.variableName), tags.function(tags.propertyName)],
    color: "var(--code-function)",
  },
]);

const theme = EditorView.theme({
  "&": { height: "100%", fontSize: "var(--code-size)", color: "var(--ink)", backgroundColor: "transparent" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.55", overflow: "auto" },
  ".cm-content": { caretColor: "var(--thread)", padding: "0.6rem 0" },
  ".cm-line": { padding: "0 0.75rem 0 0.4rem" },
  ".cm-gutters": { color: "var(--soft)", backgroundColor: "transparent", border: "none" },
  ".cm-lineNumbers .cm-gutterElement": { padding: "0 0.4rem 0 0.7rem", minWidth: "2.4rem" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "transparent" },
  "&.cm-focused .cm-activeLine, &.cm-focused .cm-activeLineGutter": { backgroundColor: "var(--active-line)" },
  ".cm-cursor, .cm-dropCursor": { borderLeftColor: "var(--thread)", borderLeftWidth: "2px" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    background: "var(--selection)",
  },
  "&.cm-focused .cm-matchingBracket": { backgroundColor: "var(--selection)" },
  ".cm-failed": { backgroundColor: "var(--closing-tint)", boxShadow: "inset 3px 0 var(--closing)" },
  ".cm-message": {
    padding: "0.45rem 0.75rem",
    margin: "0 0.75rem 0.35rem 0.4rem",
    borderRadius: "0 0 0.5rem 0.5rem",
    color: "var(--closing)",
    backgroundColor: "var(--closing-tint)",
    whiteSpace: "pre-wrap",
    overflowWrap: "anywhere",
    fontSize: "0.92em",
  },
});

/**
 * @param {HTMLElement} host
 * @param {{ onChange: (program: string) => void, onRun: () => void }} handlers
 */
export function createEditor(host, { onChange, onRun }) {
  const root = host.attachShadow({ mode: "open" });
  const language = new Compartment();

  const common = (label) => [
    minimalSetup,
    lineNumbers(),
    bracketMatching(),
    EditorView.lineWrapping,
    syntaxHighlighting(colours),
    theme,
    marks,
    EditorView.contentAttributes.of({ "aria-label": label, spellcheck: "false", autocapitalize: "off" }),
  ];

  const programState = (text) =>
    EditorState.create({
      doc: text,
      extensions: [
        keymap.of([{ key: "Mod-Enter", preventDefault: true, run: () => (onRun(), true) }]),
        common("Program"),
        highlightActiveLine(),
        highlightActiveLineGutter(),
        language.of(javascript()),
        replacing,
        EditorView.updateListener.of(({ docChanged, state }) => docChanged && onChange(state.doc.toString())),
      ],
    });

  const fileState = (name, text) =>
    EditorState.create({
      doc: text,
      extensions: [
        common(`${name}, to read`),
        EditorState.readOnly.of(true),
        EditorView.editable.of(false),
        EditorView.contentAttributes.of({ tabindex: "0" }),
        javascript({ typescript: name.endsWith(".ts") }),
      ],
    });

  let program = programState("");
  let isProgram = true;
  const view = new EditorView({ state: program, root, parent: root });

  function show(state, isIt) {
    if (isProgram) program = view.state;
    isProgram = isIt;
    view.setState(state);
  }

  return {
    get program() {
      return (isProgram ? view.state : program).doc.toString();
    },
    /** Another program. What was undone before cannot be undone in it. */
    open(text) {
      isProgram = true;
      view.setState((program = programState(text)));
      view.scrollDOM.scrollTop = 0;
    },
    /** Shows a file that can only be read, or the program again. */
    read(name, text) {
      show(name === undefined ? program : fileState(name, text), name === undefined);
      view.scrollDOM.scrollTop = 0;
    },
    /** @param {readonly Mark[]} all */
    mark(all) {
      if (!isProgram) this.read();
      view.dispatch({ effects: setMarks.of(all) });
      const line = all.at(-1)?.line;
      if (line >= 1 && line <= view.state.doc.lines) this.reveal(line);
    },
    reveal(line) {
      if (!isProgram) this.read();
      const { from, to } = view.state.doc.line(Math.min(line, view.state.doc.lines));
      view.dispatch({
        selection: { anchor: from },
        effects: EditorView.scrollIntoView(to, { y: "center" }),
      });
    },
    focus: () => view.focus(),
  };
}
