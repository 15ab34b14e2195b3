/** What was used of a limit is known after a restart, and to a node that was away. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { type Devnet, MembershipProver, readMembership, type Slashing, startDevnet } from "../src/index.ts";
import { signalOf } from "../src/rln/wire.ts";
import { openClients } from "./clients.ts";
import { bytesOf } from "./messages.ts";

const EPOCH_SECONDS = 86_400;
const TOPIC = "/test/1/rln-restart/proto";
const clients = openClients();
let folder: string;
let devnet: Devnet;
let prover: MembershipProver;

const start = () =>
  startDevnet({
    nodes: 2,
    dataDir: folder,
    rln: { folder: join(folder, "rln"), messagesPerEpoch: 3, epochSeconds: EPOCH_SECONDS, members: 1 },
  });

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "devnet-rln-restart-"));
  devnet = await start();
  prover = new MembershipProver(readMembership(devnet.rln?.memberships[0] ?? ""));
});
afterEach(async () => {
  await prover.close();
  await clients.close();
  await devnet.close();
  rmSync(folder, { recursive: true });
});

/** @returns whether the node took it */
async function send(address: string, text: string, index: number): Promise<boolean> {
  const client = await clients.connect(devnet, address);
  const timestamp = new Date(Math.floor(Date.now() / 1_000) * 1_000);
  const payload = bytesOf(text);
  const signal = signalOf({ payload, contentTopic: TOPIC, timestampNs: BigInt(timestamp.getTime()) * 1_000_000n });
  const epoch = Math.floor(timestamp.getTime() / 1_000 / EPOCH_SECONDS);
  const message = { payload, timestamp, rateLimitProof: await prover.prove(signal, { epoch, index }) };
  const encoder = client.createEncoder({ contentTopic: TOPIC });
  const { successes } = await client.lightPush.send(encoder, message, { autoRetry: false });
  return successes.length > 0;
}

function slashings(): Slashing[] {
  const seen: Slashing[] = [];
  devnet.rln?.onSlash((slashing) => seen.push(slashing));
  return seen;
}

test("a slot that was used before a restart cannot be used after it", async () => {
  expect(await send(devnet.peers[0] ?? "", "before", 0)).toBe(true);
  await devnet.close();
  devnet = await start();
  const seen = slashings();
  expect(await send(devnet.peers[0] ?? "", "next", 1)).toBe(true);
  expect(await send(devnet.peers[0] ?? "", "after", 0)).toBe(false);
  expect(devnet.nodes[0]?.counters.dropped["rln-double"]).toBe(1);
  expect(seen).toHaveLength(1);
});

test("a slot that was used on both sides of a partition costs the membership when it heals", async () => {
  await devnet.partition([[0], [1]]);
  const seen = slashings();
  expect(await send(devnet.peers[0] ?? "", "on one side", 0)).toBe(true);
  expect(await send(devnet.peers[1] ?? "", "on the other", 0)).toBe(true);
  expect(seen).toEqual([]);
  await devnet.heal();
  expect(seen).toMatchObject([{ position: 0 }]);
});
