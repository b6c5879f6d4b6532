// A shop that takes orders until it is asked to stop. How that goes is said by the arguments: orderly, failing, hanging or
// stuck, and then the names of the signals to heed.
import { createContainer, singleton, token } from "thimble";
import { shutdownOnSignal, signals } from "thimble/runtime";

const [how, ...names] = process.argv.slice(2);
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const Db = token("db");
const Orders = token("orders");
const Mail = token("mail");

function openDb() {
  let open = true;
  return {
    write: () => console.log(open ? "written" : "LOST: the db was closed"),
    close: () => {
      open = false;
      console.log("db closed");
    },
  };
}

/** Takes one order after the other; each of them needs the database at its end. */
function takeOrders(db) {
  let taking = true;
  const taken = (async () => {
    while (taking) {
      console.log("order taken");
      await pause(100);
      db.write();
    }
  })();
  return {
    finish: async () => {
      taking = false;
      await taken;
      console.log("orders finished");
    },
  };
}

const disposals = {
  orderly: () => console.log("mail sent"),
  failing: () => {
    throw new Error("no connection");
  },
  hanging: hang,
  stuck: hang,
};

function hang() {
  console.log("mail hangs");
  setInterval(() => {}, 1_000); // and holds on to the process
  return new Promise(() => {});
}

const app = createContainer(
  "shop",
  singleton(Db, openDb, { dispose: (db) => db.close() }),
  singleton(Orders, [Db], takeOrders, { dispose: (orders) => orders.finish() }),
  singleton(Mail, [Db], () => ({}), { dispose: disposals[how] }),
);
// First the listening, then the work: who is asked to stop while starting stops in order, too.
const stopped = shutdownOnSignal(app, {
  ...(names.length > 0 && { signals: signals(names) }),
  ...(how === "hanging" && { timeout: 300 }),
});
app.get([Orders, Mail]);

const { reason, report } = await stopped;
for (const { token, outcome } of report.services) console.log(`${token}: ${outcome}`);
console.log(reason, report.ok ? "ok" : "not ok");

if (how === "hanging") process.exit(report.ok ? 0 : 1);
process.exitCode = report.ok ? 0 : 1;
