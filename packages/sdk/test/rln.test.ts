import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Devnet, MembershipProver, readMembership, rlnQuotaSource, startDevnet } from "@chat/devnet";
import { type DeliveryService, RateLimitManager } from "@chat/ratelimit";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { systemClock } from "../src/clock.ts";
import type { OutboundMessage } from "../src/delivery/delivery-service.ts";
import type { RlnProver } from "../src/delivery/rln-prover.ts";
import { WakuDelivery } from "../src/delivery/waku-delivery.ts";

/** So long that no test sees the end of an epoch. */
const DAY_SECONDS = 86_400;

const folder = mkdtempSync(join(tmpdir(), "sdk-rln-"));
let devnet: Devnet;
let prover: MembershipProver;
let delivery: WakuDelivery;

beforeAll(async () => {
  devnet = await startDevnet({ rln: { folder, messagesPerEpoch: 4, epochSeconds: DAY_SECONDS, members: 1 } });
  prover = new MembershipProver(readMembership(devnet.rln?.memberships[0] ?? ""));
  delivery = await connect(prover);
});
afterAll(async () => {
  await delivery.close();
  await prover.close();
  await devnet.close();
  rmSync(folder, { recursive: true });
});

function connect(rln?: RlnProver): Promise<WakuDelivery> {
  const options = {
    peers: devnet.peers,
    ...devnet.network,
    connectTimeoutMs: 10_000,
    whenUnreachable: "fail",
    clock: systemClock,
  } as const;
  return WakuDelivery.connect({ ...options, ...(rln && { rln }) });
}

function messageOf(text: string): OutboundMessage {
  const timestampMs = Math.floor(Date.now() / 1_000) * 1_000;
  return { topic: "/test/1/sdk-rln/proto", payload: new TextEncoder().encode(text), timestampMs };
}

test("what a manager lets go passes with a proof for its slot, and its hash is that of the message without proof", async () => {
  const receipts: string[] = [];
  const service: DeliveryService = {
    async deliver({ bytes, slot, signal }) {
      const message = { ...messageOf(""), payload: bytes, slot };
      const { messageHash } = await delivery.publish(message, { signal });
      receipts.push(messageHash);
      return messageHash;
    },
  };
  const source = rlnQuotaSource(readMembership(devnet.rln?.memberships[0] ?? ""));
  await using manager = await RateLimitManager.open({ delivery: service, source });
  expect(manager.quota.total).toBe(4);
  for (let count = 0; count < 4; count += 1) {
    const submission = await manager.submit({ bytes: Uint8Array.of(1, count) }, { priority: "critical" });
    expect(await submission.ended()).toMatchObject({ kind: "passed", slot: { index: count } });
  }
  const fifth = await manager.submit({ bytes: Uint8Array.of(9) }, { priority: "critical" });
  expect(fifth.status?.kind).toBe("queued");
  const stored: string[] = [];
  const range = { fromMs: Date.now() - 60_000, toMs: Date.now() + 1_000 };
  for await (const { hash } of delivery.query(["/test/1/sdk-rln/proto"], range)) stored.push(hash);
  expect(stored.sort()).toEqual([...receipts].sort());
  expect(devnet.nodes[0]?.counters).toMatchObject({ pushed: 4, dropped: { "rln-invalid": 0, "rln-double": 0 } });
});

test("a message without slot is not sent where proofs are wanted", async () => {
  await expect(delivery.publish(messageOf("no slot"))).rejects.toMatchObject({
    code: "DELIVERY_REFUSED",
    retryable: false,
  });
});

test("who has no prover is refused", async () => {
  const stranger = await connect();
  // The light node tells a refusal and not its status: it counts as one that may end (`docs/waku.md`).
  await expect(stranger.publish(messageOf("no proof"))).rejects.toMatchObject({ code: "DELIVERY_REFUSED" });
  await stranger.close();
  expect(devnet.nodes[0]?.counters.dropped["rln-invalid"]).toBe(1);
});
