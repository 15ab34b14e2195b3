/**
 * A manager on a clock and a network of the test's.
 * @module
 */
import { type Priority, RateLimitManager, type RateLimitOptions } from "../src/index.ts";
import { VirtualClock } from "../src/testing.ts";
import { FakeNetwork } from "./network.ts";

export const EPOCH_MS = 10_000;

/** 10 messages in 10 s, low at 3. */
export async function open(options: Partial<RateLimitOptions> = {}) {
  const network = new FakeNetwork();
  const clock = new VirtualClock();
  const limits = { messagesPerEpoch: 10, epochSeconds: EPOCH_MS / 1_000, random: () => 0 };
  const manager = await RateLimitManager.open({ delivery: network, clock, ...limits, ...options });
  const submit = (id: string, priority?: Priority) =>
    manager.submit({ id, bytes: new TextEncoder().encode(id) }, priority === undefined ? {} : { priority });
  const submitMany = async (prefix: string, count: number, priority?: Priority) => {
    for (let index = 0; index < count; index += 1) await submit(`${prefix}${index}`, priority);
    await clock.advance(0);
  };
  return { manager, network, clock, submit, submitMany };
}

export function named(prefix: string, count: number, from = 0): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${from + index}`);
}
