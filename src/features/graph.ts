/**
 * `thimble/graph`: what a container holds and what depends on what, as data and as text.
 *
 * ```ts
 * import { createContainer, defer, singleton, type Deferred } from "thimble";
 * import { explain, formatTree, graph, toMermaid } from "thimble/graph";
 *
 * class Db {}
 * class Users {
 *   constructor(db: Db, orders: Deferred<Orders>) {}
 * }
 * class Orders {
 *   constructor(db: Db, users: Users) {}
 * }
 *
 * const app = createContainer(
 *   singleton(Db),
 *   singleton(Users, [Db, defer(Orders)]),
 *   singleton(Orders, [Db, Users]),
 * );
 *
 * console.log(formatTree(explain(app)));
 * console.log(toMermaid(graph(app)));
 * ```
 *
 * Names are all that is ever in it: no value, no instance, no setting.
 *
 * @module
 */

export {
  explain,
  type ExplainedLink,
  type ExplainedScope,
  type ExplainedService,
  type ExplainedStep,
  explainService,
  type Explanation,
  type ServiceExplanation,
} from "./graph/explain.ts";
export { type Graph, graph, type GraphEdge, type GraphNode, type GraphScope } from "./graph/graph.ts";
export {
  ancestors,
  type BuiltService,
  findScope,
  listBuilt,
  listPending,
  listProvided,
  type PendingService,
  type ProvidedService,
} from "./graph/lists.ts";
export type { ServiceKind, ServiceState } from "./graph/read.ts";
export { formatTree, toDot, toMermaid, type TreeOptions } from "./graph/text.ts";
export { timeBuilds } from "./graph/timing.ts";
