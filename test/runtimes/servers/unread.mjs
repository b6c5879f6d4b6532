// A body that nobody reads, and a shutdown that has to wait until it is given up. Nothing else keeps the process alive.
import { createContainer } from "thimble";
import { scopePerRequest } from "thimble/fetch";

const app = createContainer();
const handle = scopePerRequest(app, () => new Response("text"), { abandonAfter: 200 });
await handle(new Request("https://shop.example/"));
if (process.argv[2] === "shutdown") console.log(`shut down ${(await app.shutdown()).ok}`);
else console.log("done");
