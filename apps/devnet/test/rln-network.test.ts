/** RLN between processes and nodes: what a light pusher is told, relay, linked nodes, a group that changes, the command. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { noise } from "@chainsafe/libp2p-noise";
import { yamux } from "@chainsafe/libp2p-yamux";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { identify } from "@libp2p/identify";
import { ping } from "@libp2p/ping";
import { tcp } from "@libp2p/tcp";
import { multiaddr } from "@multiformats/multiaddr";
import { proto_lightpush, proto_message } from "@waku/proto";
import { contentTopicToPubsubTopic } from "@waku/utils";
import * as lengthPrefixed from "it-length-prefixed";
import { createLibp2p } from "libp2p";
import {
  type Devnet,
  type DevnetNode,
  MembershipProver,
  readMembership,
  type Slashing,
  startDevnet,
} from "../src/index.ts";
import { relayService, waitForSubscriber } from "../src/relay.ts";
import { RlnCircuit } from "../src/rln/circuit.ts";
import { readGroup } from "../src/rln/files.ts";
import { leavesOf } from "../src/rln/group.ts";
import { epochBytes, RLN_IDENTIFIER, signalOf, toRateLimitProof } from "../src/rln/wire.ts";
import { eventually } from "./eventually.ts";
import { bytesOf } from "./messages.ts";

/** So long that no test sees the end of an epoch. */
const EPOCH_SECONDS = 86_400;
const EPOCH = Math.floor(Date.now() / 1_000 / EPOCH_SECONDS);
const LIMIT = 5;
const TOPIC = "/test/1/rln-network/proto";
const SHARD = contentTopicToPubsubTopic(TOPIC, 42, 8);

type WakuMessage = proto_message.WakuMessage;

const folder = mkdtempSync(join(tmpdir(), "devnet-rln-network-"));
let devnet: Devnet;
let nodes: readonly [DevnetNode, DevnetNode];
let stranger: Awaited<ReturnType<typeof openStranger>>;
let raya: MembershipProver;
let saro: MembershipProver;

/** A peer that says whatever it is told to. */
function openStranger() {
  return createLibp2p({
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: { identify: identify(), ping: ping(), relay: relayService() },
  });
}

beforeAll(async () => {
  devnet = await startDevnet({
    nodes: 2,
    rln: { folder, messagesPerEpoch: LIMIT, epochSeconds: EPOCH_SECONDS, members: 2 },
  });
  const [one, two] = devnet.nodes;
  if (one === undefined || two === undefined) throw new Error("want two nodes");
  nodes = [one, two];
  stranger = await openStranger();
  const [ofRaya = "", ofSaro = ""] = devnet.rln?.memberships ?? [];
  raya = new MembershipProver(readMembership(ofRaya));
  saro = new MembershipProver(readMembership(ofSaro));
});
afterAll(async () => {
  await Promise.all([raya.close(), saro.close()]);
  await stranger.stop();
  await devnet.close();
  rmSync(folder, { recursive: true });
});

function messageOf(text: string): WakuMessage & { timestamp: bigint } {
  return { payload: bytesOf(text), contentTopic: TOPIC, timestamp: BigInt(Date.now()) * 1_000_000n };
}

function signalFor({ payload, timestamp }: WakuMessage & { timestamp: bigint }): Uint8Array {
  return signalOf({ payload, contentTopic: TOPIC, timestampNs: timestamp });
}

async function proved(prover: MembershipProver, text: string, index: number, epoch = EPOCH): Promise<WakuMessage> {
  const message = messageOf(text);
  return { ...message, rateLimitProof: await prover.prove(signalFor(message), { epoch, index }) };
}

/** Status and reason, as the service node gives them. */
async function push({ tcp }: DevnetNode, message: WakuMessage): Promise<[number, string | undefined]> {
  const connection = await stranger.dial(multiaddr(tcp));
  const stream = await connection.newStream("/vac/waku/lightpush/3.0.0");
  const request = proto_lightpush.LightPushRequestV3.encode({ requestId: "1", pubsubTopic: SHARD, message });
  await stream.sink([lengthPrefixed.encode.single(request).subarray()]);
  for await (const reply of lengthPrefixed.decode(stream.source)) {
    const { statusCode, statusDesc } = proto_lightpush.LightPushResponseV3.decode(reply.subarray());
    return [statusCode, statusDesc];
  }
  throw new Error("no reply");
}

function droppedAt({ counters }: DevnetNode) {
  const { "rln-invalid": invalid, "rln-stale": stale, "rln-double": double } = counters.dropped;
  return { invalid, stale, double };
}

test("a light pusher is told why its message is refused", async () => {
  const [node] = nodes;
  const good = await proved(saro, "good", 0);
  expect(await push(node, messageOf("bare"))).toEqual([420, "RLN proof: want one, got none"]);
  expect(await push(node, { ...good, payload: bytesOf("other") })).toEqual([
    420,
    "RLN proof: want one for these bytes, got one for others",
  ]);
  expect(await push(node, await proved(saro, "late", 0, EPOCH - 2))).toEqual([
    504,
    `RLN epoch: want at most 1 from ${EPOCH}, got ${EPOCH - 2}`,
  ]);
  const circuit = RlnCircuit.open();
  const { secret, limit, position, groupFile } = readMembership(devnet.rln?.memberships[1] ?? "");
  circuit.setLeaves(0, leavesOf(circuit, readGroup(groupFile)?.members ?? []));
  circuit.join(secret, limit, position);
  const over = messageOf("over");
  const values = circuit.prove(
    signalFor(over),
    { epoch: epochBytes(EPOCH), application: RLN_IDENTIFIER },
    LIMIT,
    false,
  );
  expect(await push(node, { ...over, rateLimitProof: toRateLimitProof(values, EPOCH) })).toEqual([
    420,
    "RLN proof: it does not verify (it is altered, or the index is over the limit)",
  ]);
  expect(await push(node, good)).toEqual([200, undefined]);
});

test("relay carries no message without a good proof", async () => {
  const [node] = nodes;
  const { relay } = stranger.services;
  await stranger.dial(multiaddr(node.tcp));
  await waitForSubscriber(relay, [SHARD], node.peerId, AbortSignal.timeout(5_000));
  const [{ invalid }, { relayed }] = [droppedAt(node), node.counters];
  await relay.publish(SHARD, proto_message.WakuMessage.encode(messageOf("bare by relay")));
  await eventually("it is counted", () => droppedAt(node).invalid === invalid + 1);
  expect(node.counters.relayed).toBe(relayed);
});

test("a slot used at two nodes is a slot used twice; whoever proved before the removal proves anew", async () => {
  const [first, second] = nodes;
  const seen: Slashing[] = [];
  devnet.rln?.onSlash((slashing) => seen.push(slashing));
  const [one, two] = [await proved(raya, "one", 0), await proved(raya, "two", 0)];
  const underWay = await proved(saro, "under way", 1);
  const { relayed } = second.counters;
  expect((await push(first, one))[0]).toBe(200);
  await eventually("it has reached the other node", () => second.counters.relayed === relayed + 1);
  expect(await push(second, two)).toEqual([420, "RLN slot: want one message, got a second one; the member is removed"]);
  const [ofRaya = ""] = [join(folder, "member-1.json")];
  expect(seen).toEqual([{ position: 0, secret: readMembership(ofRaya).secret, epoch: EPOCH }]);
  expect(devnet.rln?.memberships).toEqual([join(folder, "member-2.json")]);
  expect((await push(first, underWay))[0]).toBe(504);
  expect((await push(first, await proved(saro, "under way", 1)))[0]).toBe(200);
  await expect(proved(raya, "three", 1)).rejects.toMatchObject({ code: "RLN_REFUSED" });
});

test("a group stays what it was when the devnet comes back, and its epochs as long as they were", async () => {
  const other = join(folder, "other");
  const rln = { folder: other, messagesPerEpoch: 2, epochSeconds: 60, members: 1 };
  const before = await startDevnet({ rln });
  const [path = ""] = before.rln?.memberships ?? [];
  await before.close();
  await expect(startDevnet({ rln: { ...rln, epochSeconds: 61 } })).rejects.toMatchObject({
    code: "INVALID_OPTION",
    message: expect.stringMatching(/^rln\.epochSeconds: want 60, .* got 61$/),
  });
  await using after = await startDevnet({ rln: { ...rln, members: 2 } });
  expect(after.rln?.memberships).toEqual([path, join(other, "member-2.json")]);
});

test("the command makes memberships that only their owner can read", async () => {
  const data = join(folder, "data");
  const main = new URL("../src/main.ts", import.meta.url).pathname;
  const args = ["--port", "0", "--json", "--data-dir", data, "--rln", "7/30", "--rln-members", "1"];
  const child = spawn(process.execPath, ["--conditions=@chat/source", "--no-warnings", main, ...args]);
  const [line] = await once(child.stdout, "data");
  const { memberships } = JSON.parse(String(line));
  const path = join(data, "rln", "member-1.json");
  expect(memberships).toEqual([path]);
  expect(existsSync(path) && statSync(path).mode & 0o777).toBe(0o600);
  expect(readMembership(path)).toMatchObject({ limit: 7, epochSeconds: 30, position: 0 });
  const ended = once(child, "close");
  child.kill("SIGTERM");
  expect(await ended).toEqual([0, null]);
}, 15_000);
