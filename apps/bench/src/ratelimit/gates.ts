/**
 * Ours and the peers behind one shape: messages go in, and as many as a quota allows come out at `deliver`.
 * @module
 */
import { type QueueStore, RateLimitManager, wallClockSource } from "@chat/ratelimit";
import Bottleneck from "bottleneck";
import PQueue from "p-queue";
import { RateLimiterMemory, RateLimiterQueue } from "rate-limiter-flexible";

export interface Gate extends AsyncDisposable {
  /** Takes a message; ours resolves when it is stored, peers have nothing to store and return at once. */
  submit(bytes: Uint8Array): Promise<unknown> | undefined;
}

/** Called with each message that passes. */
export type Deliver = (bytes: Uint8Array) => void;

export type OpenGate = (limit: number, deliver: Deliver) => Promise<Gate>;

/** More messages than any round has. */
export const UNBOUND = 1_000_000_000;

/** Longer than any round, so that no epoch of the peers turns in one. */
const EPOCH_SECONDS = 86_400;

/** Under way at one time, for all that can bound it. */
const CONCURRENCY = 8;

/** @param openStore - without it, a queue in memory */
export function ours(openStore?: () => Promise<QueueStore>): OpenGate {
  return async (limit, deliver) => {
    const manager = await RateLimitManager.open({
      delivery: {
        deliver: async ({ bytes }) => {
          deliver(bytes);
          return "";
        },
      },
      messagesPerEpoch: limit,
      source: wallClockSource(EPOCH_SECONDS),
      epochSeconds: EPOCH_SECONDS,
      lowShare: 0,
      concurrency: CONCURRENCY,
      ...(openStore !== undefined && { store: await openStore() }),
    });
    return {
      submit: (bytes) => manager.submit({ bytes }),
      [Symbol.asyncDispose]: () => manager.close(),
    };
  };
}

export const bottleneck: OpenGate = async (limit, deliver) => {
  const limiter = new Bottleneck({
    maxConcurrent: CONCURRENCY,
    reservoir: limit,
    reservoirRefreshAmount: limit,
    reservoirRefreshInterval: EPOCH_SECONDS * 1_000,
  });
  return {
    submit: (bytes) => {
      limiter.schedule(async () => deliver(bytes)).catch(() => {}); // what waits at the end is refused
      return undefined;
    },
    [Symbol.asyncDispose]: async () => {
      await limiter.stop({ dropWaitingJobs: true });
      await limiter.disconnect();
    },
  };
};

export const pQueue: OpenGate = async (limit, deliver) => {
  const queue = new PQueue({ concurrency: CONCURRENCY, intervalCap: limit, interval: EPOCH_SECONDS * 1_000 });
  return {
    submit: (bytes) => {
      queue.add(async () => deliver(bytes)).catch(() => {});
      return undefined;
    },
    [Symbol.asyncDispose]: async () => {
      queue.pause();
      queue.clear();
    },
  };
};

export const flexible: OpenGate = async (limit, deliver) => {
  const queue = new RateLimiterQueue(new RateLimiterMemory({ points: limit, duration: EPOCH_SECONDS }));
  return {
    submit: (bytes) => {
      queue.removeTokens(1).then(
        () => deliver(bytes),
        () => {},
      );
      return undefined;
    },
    [Symbol.asyncDispose]: async () => stopTimers(queue),
  };
};

/** It has no way to give up what waits, and its timer would keep the process alive for an epoch. */
function stopTimers(queue: RateLimiterQueue): void {
  const limiters: Record<string, { _waitTimeout: NodeJS.Timeout | null }> = Reflect.get(queue, "_queueLimiters");
  for (const { _waitTimeout: timer } of Object.values(limiters)) if (timer !== null) clearTimeout(timer);
}

export const PEERS: Readonly<Record<string, OpenGate>> = {
  bottleneck,
  "p-queue": pQueue,
  "rate-limiter-flexible": flexible,
};
