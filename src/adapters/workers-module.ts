/**
 * The module `cloudflare:workers`, got without an import: an `import` of it could not be loaded, or bundled,
 * anywhere else, and the contract tests of this entry point run everywhere. It is there from compatibility date
 * 2026-08-04 on, or with the flag `nodejs_compat`.
 *
 * @module
 */

/** What we use of it. */
export interface WorkersModule {
  readonly env: object;
  waitUntil(work: Promise<unknown>): void;
}

interface Builtins {
  getBuiltinModule?(id: string): unknown;
}

export function workersModule(
  process: Builtins | undefined = (globalThis as { process?: Builtins }).process,
): WorkersModule | undefined {
  return process?.getBuiltinModule?.("cloudflare:workers") as WorkersModule | undefined;
}
