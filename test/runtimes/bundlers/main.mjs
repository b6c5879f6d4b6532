// What a reader's program is to a bundler: it names what it uses, of the core, of a feature and of the runtime.
import { alias, createContainer, isContainerError, scoped, singleton, token, value } from "thimble";
import { Env, integer, setting } from "thimble/config";
import * as browser from "thimble/browser";
import * as generic from "thimble/generic";
import * as node from "thimble/node";
import * as runtime from "thimble/runtime";
import * as workers from "thimble/workers";
import { program } from "./program.mjs";

const entries = { browser, generic, node, workers };

/** What the program did, one setting, and the entry point that `thimble/runtime` led to. */
export async function main() {
  const events = await program({
    alias,
    createContainer,
    isContainerError,
    scoped,
    singleton,
    token,
    value,
  });
  const entry = Object.keys(entries).find((name) => entries[name].signals === runtime.signals);
  const port = createContainer(value(Env, { PORT: "8080" })).get(setting("PORT", integer));
  return { events, entry, port };
}
