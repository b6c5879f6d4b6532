/**
 * What observers are told of providers that come and go.
 *
 * @module
 */

import type { Definition, Node, ScopeRecord } from "../../core/model/records.ts";
import { definitionOf } from "../../core/model/tree.ts";

export function tellAll(scope: ScopeRecord, name: string, registered: readonly (Node | Definition)[]): void {
  for (const it of registered) scope.tree.tell?.(name, scope, { token: definitionOf(it).token });
}
