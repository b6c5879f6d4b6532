import { expect, jest, test } from "@jest/globals";
import { suite } from "./matchers.mjs";

suite({ test, expect, mock: jest.fn, isMock: jest.isMockFunction, shown: "query" });
