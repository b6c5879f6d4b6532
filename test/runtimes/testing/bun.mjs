import { expect, mock, test } from "bun:test";
import { suite } from "./matchers.mjs";

// Bun shows nothing of what is behind a proxy, and has no test for mock functions.
suite({ test, expect, mock, isMock: () => false, shown: "" });
