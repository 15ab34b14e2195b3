/** A light node in a process of its own that connects, then does nothing for a while: not even read. @module */
import { openClients } from "./clients.ts";

const [address = "", busyMs = "0"] = process.argv.slice(2);
const clients = openClients();
await clients.connect({ network: { clusterId: 42, shards: 8 } }, address);
Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(busyMs));
process.stdout.write("done\n");
await new Promise((resolve) => process.stdin.once("end", resolve).resume());
process.exit();
