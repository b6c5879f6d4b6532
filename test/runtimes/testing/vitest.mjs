import { expect, test, vi } from "vitest";
import { suite } from "./matchers.mjs";

suite({ test, expect, mock: vi.fn, isMock: vi.isMockFunction, shown: "query" });
