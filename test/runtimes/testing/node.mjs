import { mock, test } from "node:test";
import { suite } from "./asserting.mjs";

const query = mock.fn(async () => ["Ada"]);
suite({ test, query, calls: () => query.mock.calls.map((call) => call.arguments) });
