// webpack and rspack have one interface: node pack.mjs webpack web
const [tool, target] = process.argv.slice(2);
const { default: pack } = await import(tool);
const compiler = pack({
  mode: "production",
  target,
  entry: "./index.mjs",
  experiments: { outputModule: true },
  output: { path: `${import.meta.dirname}/out`, filename: "index.mjs", module: true, chunkFormat: "module" },
});
compiler.run((error, stats) => {
  console.log(stats?.toString({ all: false, errors: true, warnings: true }) || error || "");
  if (error || stats.hasErrors() || stats.hasWarnings()) process.exitCode = 1;
  compiler.close(() => {});
});
