// A Worker that is told what another Worker did, for cloudflare.test.ts.
import { createContainer, scoped } from "thimble";
import { createWorker, CurrentEvent } from "thimble/cloudflare";

const seen = { traces: [], closed: 0 };

class Trace {
  constructor(items) {
    this.items = items;
  }
  [Symbol.dispose]() {
    seen.closed++;
  }
}

export default createWorker({
  container: () => createContainer(scoped(Trace, [CurrentEvent])),
  tail(items, scope) {
    const logs = scope.get(Trace).items.flatMap((it) => it.logs.flatMap(({ message }) => message));
    seen.traces.push([scope.name, items === scope.get(CurrentEvent), ...logs]);
  },
  fetch: () => Response.json(seen),
});
