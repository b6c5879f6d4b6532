// A module that touches what no entry point may touch when it is imported, to see that trapped.mjs notices.
void process.env.HOME;
process.on("SIGTERM", () => {});
Date.now();
new Date();
performance.now();
setTimeout(() => {}, 0);
Math.random();
crypto.randomUUID();
void globalThis.document;
void navigator;
