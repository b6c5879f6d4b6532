/**
 * The stopping of what is released: the first phase of a shutdown, for a part of what there is.
 *
 * @module
 */

import type { Build, Node, ScopeRecord } from "../../core/model/records.ts";
import { Stopping } from "../../core/shutdown/stopping.ts";

export class PartStopping extends Stopping {
  readonly #toStop: () => Node[];

  constructor(scope: ScopeRecord, toStop: () => Node[], reason: unknown) {
    super(scope, reason);
    this.#toStop = toStop;
  }

  /** Nothing tells it of changes. */
  override proceed(): void {
    this.isStale = true;
    super.proceed();
  }

  override toStop(): Node[] {
    return this.#toStop();
  }

  override toFinish(): Build[] {
    return [];
  }
}
