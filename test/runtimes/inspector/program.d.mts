import type { Scope } from "thimble";

export const hostile: readonly string[];
export function container(): { app: Scope; start(): Promise<void> };
export function hostileContainer(): { app: Scope; start(): Promise<void> };
