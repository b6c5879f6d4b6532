// Has listened once, and goes on with its life.
import { signals } from "thimble/runtime";

const forget = signals().onStop(() => console.log("STILL LISTENING"));
forget();
setInterval(() => {}, 1_000);
console.log("ready");
