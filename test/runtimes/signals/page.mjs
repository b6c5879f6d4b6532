// A shop in a page. What happens to it is told to the server, which is still there when the page is not.
import { createContainer, singleton, token } from "thimble";
import { shutdownOnSignal, signals } from "thimble/browser";

const tell = (line) => navigator.sendBeacon("/log", line);

const Db = token("db");
const Orders = token("orders");

const app = createContainer(
  singleton(Db, () => ({ read: () => "a row" }), { dispose: () => tell("db closed") }),
  singleton(Orders, [Db], (db) => ({ list: () => db.read() }), {
    dispose: async () => {
      tell("orders begin to close");
      await Promise.resolve(); // a page that goes away still gets its microtasks
      tell("orders closed");
    },
  }),
);
const stopped = shutdownOnSignal(app);
signals().onHidden(() => tell("hidden"));
addEventListener("pageshow", ({ persisted }) => persisted && tell(`back: ${app.get(Orders).list()}`));
app.get(Orders);
tell("open");

const { reason, report } = await stopped;
tell(`${String(reason)} ${report.ok ? "ok" : "not ok"}`);
