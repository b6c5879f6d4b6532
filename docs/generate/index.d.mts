/** The text of each generated file by its path. */
export function texts(): Promise<Map<string, string>>;
