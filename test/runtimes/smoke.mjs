// The program in a runtime that finds packages in node_modules. Prints, as JSON, what happened, which door `thimble/runtime`
// led to, and which build `thimble`: the export condition that held here.
import * as thimble from "thimble";
import * as fast from "thimble/fast";
import * as small from "thimble/small";
import * as runtime from "thimble/runtime";
import * as node from "thimble/node";
import * as deno from "thimble/deno";
import * as bun from "thimble/bun";
import { program } from "./program.mjs";

const doors = { node, deno, bun };
const door = Object.keys(doors).find((name) => doors[name] === runtime);
const builds = { fast, small };
const build = Object.keys(builds).find((name) => builds[name] === thimble);
console.log(JSON.stringify({ events: await program(thimble), door, build }));
