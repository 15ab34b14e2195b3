/** A prover that fails says nothing about the connection: only its own message waits. */
import { startDevnet } from "@chat/devnet";
import { expect, test } from "@jest/globals";
import { systemClock } from "../src/clock.ts";
import type { RlnProver } from "../src/delivery/rln-prover.ts";
import { WakuDelivery } from "../src/delivery/waku-delivery.ts";

const MESSAGE = {
  topic: "/test/1/rln-failure/proto",
  payload: Uint8Array.of(1),
  timestampMs: 1_700_000_000_000,
  slot: { epoch: 1, index: 0 },
};

test("a proof that cannot be made is a refusal with its reason, and an abort stays an abort", async () => {
  await using devnet = await startDevnet();
  const stop = new AbortController();
  const removed = new Error("membership: removed");
  const rln: RlnProver = {
    async prove(_signal, { index }) {
      if (index === 1) stop.abort(new Error("stopped"));
      throw removed;
    },
  };
  const delivery = await WakuDelivery.connect({
    peers: devnet.peers,
    ...devnet.network,
    connectTimeoutMs: 10_000,
    whenUnreachable: "fail",
    clock: systemClock,
    rln,
  });
  await expect(delivery.publish(MESSAGE)).rejects.toMatchObject({
    code: "DELIVERY_REFUSED",
    message: expect.stringMatching(/membership: removed/),
    retryable: true,
    cause: removed,
  });
  const aborted = delivery.publish({ ...MESSAGE, slot: { epoch: 1, index: 1 } }, { signal: stop.signal });
  await expect(aborted).rejects.toThrow("stopped");
  expect(delivery.health).toBe("connected");
  expect(devnet.nodes[0]?.counters.pushed).toBe(0);
  await delivery.close();
});
