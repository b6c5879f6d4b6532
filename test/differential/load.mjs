// Loads the two builds: the small one and the fast one of dist/, or the small one of dist/ and that of a copy.
import { fileURLToPath, pathToFileURL } from "node:url";
import { resolve } from "node:path";

export async function load(other, folder = fileURLToPath(new URL("../../dist", import.meta.url))) {
  const dist = folderUrl(folder);
  const features = await featuresOf(dist);
  const small = await import(new URL("index.js", dist));
  if (other !== undefined) {
    const copy = folderUrl(other);
    const core = await import(new URL("index.js", copy));
    return [
      { name: "dist", core: small, other: small.createContainer, features },
      { name: other, core, other: core.createContainer, features: await featuresOf(copy) },
    ];
  }
  const fast = await import(new URL("fast.js", dist));
  return [
    { name: "small", core: small, other: small.createContainer, features },
    // Containers of both builds may share providers.
    { name: "fast", core: fast, other: small.createContainer, features },
  ];
}

const folderUrl = (path) => pathToFileURL(`${resolve(path)}/`);

async function featuresOf(folder) {
  const names = ["observe", "reload", "graph", "layers", "lifecycle"];
  const all = await Promise.all(names.map((name) => import(new URL(`features/${name}.js`, folder))));
  return Object.assign({}, ...all);
}
