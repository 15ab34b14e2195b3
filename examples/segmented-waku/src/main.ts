/**
 * Sends a file from one Waku light node to another: `pnpm start [file] [--out copy] [--peer address]`.
 * Without a file it sends 2 MB of random bytes; without an address it starts a service node of its own.
 * @module
 */
import { randomBytes, randomUUID } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { DEVNET_CLUSTER_ID, DEVNET_SHARDS, startDevnet } from "@chat/devnet";
import { receiveSegmented, sendSegmented } from "@chat/segmentation/waku";
import { createLightNode } from "@waku/sdk";

const options = { out: { type: "string" }, peer: { type: "string" } } as const;
const { values, positionals } = parseArgs({ options, allowPositionals: true });
const payload = positionals[0] === undefined ? randomBytes(2 ** 21) : await readFile(positionals[0]);

const devnet = values.peer === undefined ? await startDevnet() : undefined;
const bootstrapPeers = values.peer === undefined ? [...(devnet?.peers ?? [])] : [values.peer];
const [alice, bob] = await Promise.all([connect(), connect()]);

const topic = { contentTopic: `/segmented-waku/1/file-${randomUUID()}/proto` };
const received = Promise.withResolvers<Uint8Array>();
const subscription = await receiveSegmented(bob, bob.createDecoder(topic), received.resolve, {
  onProgress: ({ held, needed }) => process.stdout.write(`${held} segments arrived, ${needed} to go\n`),
  onIncomplete: ({ needed }) => received.reject(new Error(`given up: ${needed} segments never came`)),
});
const { total } = await sendSegmented(alice, alice.createEncoder(topic), payload);
const copy = await received.promise;
process.stdout.write(
  `${copy.length} bytes arrived in ${total} messages, ${payload.equals(copy) ? "as" : "not as"} sent\n`,
);
if (values.out !== undefined) await writeFile(values.out, copy);

await subscription.close();
await Promise.all([alice.stop(), bob.stop()]);
await devnet?.close();

/** Resolves when the service node has told what it serves: before that, no request would find it. */
async function connect() {
  const node = await createLightNode({
    defaultBootstrap: false,
    bootstrapPeers,
    networkConfig: { clusterId: DEVNET_CLUSTER_ID, numShardsInCluster: DEVNET_SHARDS },
    libp2p: { filterMultiaddrs: false, hideWebSocketInfo: true }, // plain WebSockets on this machine
  });
  await new Promise((resolve) => node.libp2p.addEventListener("peer:identify", resolve, { once: true }));
  return node;
}
