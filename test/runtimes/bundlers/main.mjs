// What a reader's program is to a bundler: it names what it uses, of the core, of a feature and of the runtime.
import { alias, createContainer, isContainerError, scoped, singleton, token, value } from "thimble";
import { Env, integer, setting } from "thimble/config";
import { entry } from "./entry.mjs";
import { program } from "./program.mjs";

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
  const port = createContainer(value(Env, { PORT: "8080" })).get(setting("PORT", integer));
  return { events, entry, port };
}
