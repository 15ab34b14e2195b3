import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "@jest/globals";
import {
  type Devnet,
  MembershipProver,
  readMembership,
  rlnQuotaSource,
  type Slashing,
  startDevnet,
} from "../src/index.ts";
import { checkMessage, type Message } from "../src/message.ts";
import { RlnCircuit } from "../src/rln/circuit.ts";
import { leavesOf, RlnGroup } from "../src/rln/group.ts";
import { RlnValidator } from "../src/rln/validator.ts";
import { epochBytes, type RateLimitProof, RLN_IDENTIFIER, signalOf, toRateLimitProof } from "../src/rln/wire.ts";
import { openClients } from "./clients.ts";
import { bytesOf, NOW_MS, TOPICS } from "./messages.ts";
import { describeRlnProver } from "./rln-prover.ts";

const EPOCH_SECONDS = 600;
/** Where the clock is the real one: so long that no test sees the end of an epoch. */
const DAY_SECONDS = 86_400;
const EPOCH = Math.floor(NOW_MS / 1_000 / EPOCH_SECONDS);
const TOPIC = "/test/1/rln/proto";

const folder = mkdtempSync(join(tmpdir(), "devnet-rln-"));
const group = new RlnGroup();
const alice = group.register(3);
const circuit = RlnCircuit.open();
const slashed: Slashing[] = [];
let devnet: Devnet;
let prover: MembershipProver;
const clients = openClients();

function join0(): void {
  circuit.setLeaves(0, leavesOf(circuit, group.members));
  circuit.join(alice.secret, alice.limit, alice.position);
}

beforeAll(async () => {
  join0();
  devnet = await startDevnet({ rln: { folder, messagesPerEpoch: 3, epochSeconds: DAY_SECONDS, members: 2 } });
  prover = new MembershipProver(readMembership(devnet.rln?.memberships[0] ?? ""));
});
afterEach(() => clients.close());
afterAll(async () => {
  await prover.close();
  await devnet.close();
  rmSync(folder, { recursive: true });
});

function validator(): RlnValidator {
  return new RlnValidator({ group, epochSeconds: EPOCH_SECONDS, onSlash: (slashing) => slashed.push(slashing) });
}

function messageOf(text: string, rateLimitProof?: RateLimitProof, timestampMs = NOW_MS): Message {
  const timestamp = BigInt(timestampMs) * 1_000_000n;
  const wire = { payload: bytesOf(text), contentTopic: TOPIC, timestamp, ...(rateLimitProof && { rateLimitProof }) };
  const checked = checkMessage("/waku/2/rs/42/0", wire, TOPICS, timestampMs);
  if (checked.kind === "refused") throw new Error(checked.detail);
  return checked.message;
}

function proofFor(text: string, { epoch = EPOCH, index = 0, isChecked = true } = {}): RateLimitProof {
  const message = messageOf(text);
  const signal = signalOf({ payload: message.wire.payload, ...message });
  const proved = circuit.prove(signal, { epoch: epochBytes(epoch), application: RLN_IDENTIFIER }, index, isChecked);
  return toRateLimitProof(proved, epoch);
}

function verdictOf(message: Message, by = validator()): string {
  const verdict = by.check(message, NOW_MS);
  return verdict.kind === "accepted" ? "accepted" : verdict.reason;
}

describeRlnProver("a prover in a thread", (signal, slot) => prover.prove(signal, slot));

test("a message needs a proof, for its own bytes, of an epoch nearby, under a root of the group", () => {
  const proof = proofFor("one");
  expect(verdictOf(messageOf("one", proof))).toBe("accepted");
  expect(verdictOf(messageOf("one"))).toBe("rln-invalid");
  expect(verdictOf(messageOf("two", proof))).toBe("rln-invalid");
  expect(verdictOf(messageOf("one", { ...proof, epoch: epochBytes(EPOCH + 1) }))).toBe("rln-invalid");
  expect(verdictOf(messageOf("one", { ...proof, epoch: epochBytes(EPOCH + 2) }))).toBe("rln-stale");
  expect(verdictOf(messageOf("one", { ...proof, epoch: epochBytes(EPOCH - 2) }))).toBe("rln-stale");
  const other = new RlnValidator({ group: new RlnGroup(), epochSeconds: EPOCH_SECONDS, onSlash: () => {} });
  expect(verdictOf(messageOf("one", proof), other)).toBe("rln-stale");
});

test("an index at the limit is refused by the program, and by the circuit when a cheat leaves that out", () => {
  expect(() => proofFor("over", { index: 3 })).toThrow(/below the limit of 3/);
  expect(verdictOf(messageOf("over", proofFor("over", { index: 3, isChecked: false })))).toBe("rln-invalid");
});

test.each([0, 65_537, 100_000, 1.5])("a limit of %p is refused by name", async (messagesPerEpoch) => {
  await expect(startDevnet({ rln: { folder, messagesPerEpoch } })).rejects.toThrow(/messagesPerEpoch: want .* 65536/);
});

test("a message again is accepted again, its signal in another message is not", () => {
  const by = validator();
  const proof = proofFor("one");
  expect(verdictOf(messageOf("one", proof), by)).toBe("accepted");
  expect(verdictOf(messageOf("one", proofFor("one")), by)).toBe("accepted");
  const message = messageOf("one", proof);
  expect(verdictOf({ ...message, hash: message.hash.map((byte) => byte ^ 1) }, by)).toBe("rln-double");
  expect(by.remembered).toBe(1);
  expect(slashed).toEqual([]);
});

test("what was used is forgotten with its epoch", () => {
  const by = validator();
  verdictOf(messageOf("one", proofFor("one")), by);
  expect(by.remembered).toBe(1);
  by.check(messageOf("none"), NOW_MS + 2 * EPOCH_SECONDS * 1_000);
  expect(by.remembered).toBe(0);
});

test("no alteration of a proof passes, and none breaks the validator", () => {
  const by = validator();
  const proof = proofFor("one");
  const names = ["proof", "merkleRoot", "epoch", "shareX", "shareY", "nullifier", "rlnIdentifier"] as const;
  for (const name of names) {
    const right = proof[name];
    const wrong = [0, 1, right.length - 1, right.length + 1, 4_096].map((length) => new Uint8Array(length).fill(255));
    wrong.push(new Uint8Array(right.length), new Uint8Array(right.length).fill(255));
    for (const bit of [0, 7, 8 * right.length - 8, 8 * right.length - 2, 8 * right.length - 1]) {
      wrong.push(right.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte)));
    }
    for (const bytes of wrong)
      expect(verdictOf(messageOf("one", { ...proof, [name]: bytes }), by)).not.toBe("accepted");
  }
  expect(by.remembered).toBe(0);
  expect(verdictOf(messageOf("one", proof), by)).toBe("accepted");
});

test("after a trap the group opens its program anew, with its members", () => {
  const broken = group.circuit;
  const scope = { epoch: epochBytes(EPOCH), application: RLN_IDENTIFIER };
  // More than the memory of a WebAssembly program holds.
  const huge = { length: 2 ** 32 - 1 } as unknown as Uint8Array;
  expect(() => broken.prove(huge, scope, 0)).toThrow(/trapped/);
  expect(() => broken.commitment(alice.secret)).toThrow(/new instance/);
  expect(verdictOf(messageOf("one", proofFor("one")))).toBe("accepted");
});

test("a folder that holds something else is named, and its content is not", () => {
  const path = join(folder, "member-9.json");
  writeFileSync(path, `{"secret":"${"ab".repeat(32)}"`);
  expect(() => readMembership(path)).toThrow(/member-9.json: want a file of an RLN group/);
  expect(() => readMembership(path)).not.toThrow(/abab/);
});

test("messages in the slots of a source pass a devnet on its sockets; a second use of a slot costs the membership", async () => {
  const path = devnet.rln?.memberships[0] ?? "";
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const { secret, ...membership } = readMembership(path);
  const client = await clients.connect(devnet, ...devnet.peers);
  const encoder = client.createEncoder({ contentTopic: TOPIC });
  const timestamp = new Date(Math.floor(Date.now() / 1_000) * 1_000);
  const { epoch } = rlnQuotaSource(membership).read(timestamp.getTime());
  const send = async (text: string, index?: number) => {
    const payload = bytesOf(text);
    const timestampNs = BigInt(timestamp.getTime()) * 1_000_000n;
    const signal = signalOf({ payload, contentTopic: TOPIC, timestampNs });
    const proof = index === undefined ? {} : { rateLimitProof: await prover.prove(signal, { epoch, index }) };
    const { failures } = await client.lightPush.send(encoder, { payload, timestamp, ...proof }, { autoRetry: false });
    return failures.map(({ error }) => error);
  };
  const seen: Slashing[] = [];
  devnet.rln?.onSlash((slashing) => seen.push(slashing));
  expect(await send("without")).not.toEqual([]);
  expect(await send("one", 0)).toEqual([]);
  expect(await send("one", 0)).toEqual([]);
  expect(await send("two", 1)).toEqual([]);
  expect(seen).toEqual([]);
  expect(await send("second", 1)).not.toEqual([]);
  expect(seen).toEqual([{ position: 0, secret, epoch }]);
  expect(readFileSync(membership.groupFile, "utf8")).toMatch(/^\{"members":\[null,/);
  await expect(send("three", 2)).rejects.toMatchObject({ code: "RLN_REFUSED" });
  expect(devnet.nodes[0]?.counters.dropped).toMatchObject({ "rln-invalid": 1, "rln-double": 1 });
});
