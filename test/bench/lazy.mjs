/** All the container there is in hand-written code: makes an instance when first asked for it, and once. */
export function lazy(make) {
  let instance;
  return () => (instance ??= make());
}
