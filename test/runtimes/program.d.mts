export function program(thimble: typeof import("thimble")): Promise<string[]>;
export const expected: string[];
