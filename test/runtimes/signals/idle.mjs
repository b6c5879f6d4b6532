// Listens, and has nothing else to do.
import { signals } from "thimble/runtime";

signals().onStop(() => {});
console.log("listening");
