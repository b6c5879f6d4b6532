// Which entry point `thimble/runtime` is here. A module is loaded once, whatever name it is imported by.
import * as browser from "thimble/browser";
import * as bun from "thimble/bun";
import * as generic from "thimble/generic";
import * as node from "thimble/node";
import * as runtime from "thimble/runtime";
import * as workers from "thimble/workers";

const entries = { browser, bun, generic, node, workers };

export const entry = Object.keys(entries).find((name) => entries[name] === runtime);
