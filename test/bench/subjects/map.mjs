/** A bare Map, the least that could be called a container: no scopes, no checks, nothing is undone. */

export const title = "Map";

export function cached(classes) {
  const app = new Map(classes.map((Class) => [Class, new Class()]));
  return { keys: classes, get: (key) => app.get(key) };
}
export const cachedByToken = (classes) => {
  const keys = classes.map((_, i) => Symbol(`service ${i}`));
  const app = new Map(classes.map((Class, i) => [keys[i], new Class()]));
  return { keys, get: (key) => app.get(key) };
};
export const cachedFromBelow = cached;

export function register(services) {
  const app = new Map();
  for (const { Class, classes } of services)
    app.set(Class, { Class, dependencies: classes, instance: undefined });
  const get = (key) => {
    const record = app.get(key);
    return (record.instance ??= new record.Class(...record.dependencies.map(get)));
  };
  return (position) => get(services[position].Class);
}

const beyond = "a bare Map only looks up and registers";
export const unsupported = {
  transients: beyond,
  page: beyond,
  request: beyond,
  handler: beyond,
  program: beyond,
  chain: beyond,
  shutdown: beyond,
  scopes: beyond,
  requestScopes: beyond,
  deep: beyond,
  imports: beyond,
  tiny: beyond,
};
