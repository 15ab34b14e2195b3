/**
 * A service node in a process of its own, until it is killed or its input ends.
 * Its one argument is a {@link NodeOrder}; it prints {@link FromNode}.
 * @module
 */
import { writeSync } from "node:fs";
import { startDevnet } from "@chat/devnet";
import type { FromNode, NodeOrder } from "./orders.ts";
import { tellMemory } from "./tell-memory.ts";

const { folder, port, memoryEveryMs } = JSON.parse(process.argv[2] ?? "") as NodeOrder;
const { peers, network } = await startDevnet({ port, dataDir: folder });
process.stdin.on("close", () => process.exit()).resume();
tell({ kind: "listening", peers, ...network });
if (memoryEveryMs !== undefined) tellMemory(memoryEveryMs, tell);

function tell(line: FromNode): void {
  writeSync(1, `${JSON.stringify(line)}\n`);
}
