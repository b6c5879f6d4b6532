// Vitest 5 wants Node 22 and fails on Node 20 for one thing, which its reporter uses when a test has failed.
Map.groupBy ??= (items, keyOf) => {
  const groups = new Map();
  for (const item of items) {
    const key = keyOf(item);
    groups.set(key, [...(groups.get(key) ?? []), item]);
  }
  return groups;
};
