/** The programs to choose from: one for each thing that containers get wrong. Each is a file of its own, and runs anywhere. */
import asyncCycle from "text:../../examples/async-cycle.js";
import captive from "text:../../examples/captive.js";
import cycle from "text:../../examples/cycle.js";
import decorate from "text:../../examples/decorate.js";
import failingStart from "text:../../examples/failing-start.js";
import first from "text:../../examples/first.js";
import hangingDisposer from "text:../../examples/hanging-disposer.js";
import inFlight from "text:../../examples/in-flight.js";
import missing from "text:../../examples/missing.js";
import oneBuild from "text:../../examples/one-build.js";
import ownership from "text:../../examples/ownership.js";
import requests from "text:../../examples/requests.js";
import shutdownOrder from "text:../../examples/shutdown-order.js";
import standIn from "text:../../examples/stand-in.js";
import wholeApp from "text:../../examples/whole-app.js";
import answers from "text:../../answers.ts";
import app from "text:../../app.ts";
import pages from "text:../../pages.ts";
import request from "text:../../request.ts";
import store from "text:../../store.ts";
import timeline from "text:../../timeline.ts";

/**
 * @typedef {object} Example
 * @property {string} id
 * @property {string} title
 * @property {string} program
 * @property {Record<string, string>} [files]  what it imports, to read
 * @property {string} [page]  where its app can be used by hand
 */

/** @type {{ title: string, examples: Example[] }[]} */
export const groups = [
  {
    title: "Begin",
    examples: [
      { id: "first", title: "A first container", program: first },
      { id: "requests", title: "Requests at once", program: requests },
      { id: "one-build", title: "Built once", program: oneBuild },
    ],
  },
  {
    title: "Refused, with the way to it",
    examples: [
      { id: "missing", title: "A missing provider", program: missing },
      { id: "captive", title: "A captive dependency", program: captive },
      { id: "cycle", title: "A cycle", program: cycle },
      { id: "async-cycle", title: "An asynchronous cycle", program: asyncCycle },
    ],
  },
  {
    title: "Closed in order",
    examples: [
      { id: "shutdown-order", title: "The order of shutdown", program: shutdownOrder },
      { id: "hanging-disposer", title: "A disposer that hangs", program: hangingDisposer },
      { id: "in-flight", title: "A shutdown amid a build", program: inFlight },
      { id: "failing-start", title: "A start that fails", program: failingStart },
      { id: "ownership", title: "Who disposes what", program: ownership },
    ],
  },
  {
    title: "In a program",
    examples: [
      { id: "stand-in", title: "A stand-in in a test", program: standIn },
      { id: "decorate", title: "A decorated service", program: decorate },
      {
        id: "whole-app",
        title: "A whole app",
        program: wholeApp,
        page: "/shortener",
        files: {
          "app.ts": app,
          "answers.ts": answers,
          "pages.ts": pages,
          "request.ts": request,
          "store.ts": store,
          "timeline.ts": timeline,
        },
      },
    ],
  },
];

export const examples = new Map(groups.flatMap((group) => group.examples).map((it) => [it.id, it]));
