import { main } from "./main.mjs";

console.log(JSON.stringify(await main()));
