/**
 * The option `io`: a singleton that holds something which belongs to one event lives as long as that event.
 *
 * @module
 */

import { cachedDependent } from "../../core/model/edges.ts";
import { pathTo } from "../../core/model/messages.ts";
import type { Build, Node, ScopeRecord } from "../../core/model/records.ts";
import { SINGLETON } from "../../core/model/records.ts";
import { nodeInScope } from "../../core/registry/registry.ts";
import { CaptiveDependencyError, ScopeNotFoundError } from "../../core/words/errors.ts";
import { nameOf } from "../../core/words/token.ts";
import { isOfEvent } from "./events.ts";

/** The node of such a singleton in the nearest event above, or where it is registered when that is in an event. */
export function nodeOfIo(scope: ScopeRecord, origin: Node, dependent: Build | undefined): Node {
  let at: ScopeRecord | undefined = scope;
  for (; at && at !== origin.scope; at = at.parent) if (isOfEvent(at)) return nodeInScope(at, origin);
  for (; at; at = at.parent) if (isOfEvent(at)) return origin;
  const { token } = origin.definition;
  const path = pathTo(scope, token, dependent);
  const what = `resolve "${path[0]!.token}": `;
  const captor = cachedDependent(dependent)?.definition;
  if (captor?.lifetime !== SINGLETON) {
    const why = `"${nameOf(token)}" has the option io and lives as long as an event, and "${scope.name}" is not the scope of one`;
    throw new ScopeNotFoundError(what + why, path, "resolve it from the scope that a handler is given");
  }
  const name = nameOf(captor.token);
  throw new CaptiveDependencyError(
    `${what}the singleton "${name}" would keep "${nameOf(token)}", which has the option io and lives as long as an event`,
    path,
    `give "${name}" the option io too, or make it scoped`,
  );
}
