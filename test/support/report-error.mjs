// Node has no `reportError`, so what the library reports to the runtime would vanish there. In browsers, Deno and Bun it ends
// the run: here it does so too, and a test that expects a report has to say so with `catchReports`.
globalThis.reportError ??= (error) => {
  queueMicrotask(() => {
    throw error;
  });
};
