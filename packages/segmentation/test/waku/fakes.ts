/**
 * A light node, an encoder and a clock that do what a test says.
 * @module
 */
import type { IEncoder, IMessage, IProtoMessage } from "@waku/sdk";
import type { PushResult, SendingNode, WakuClock } from "../../src/waku.ts";

const TOPIC = "/segmentation/1/test/proto";

/** Never moves by itself. */
export class FakeClock implements WakuClock {
  #nowMs = 1_800_000_000_000;
  readonly #timers = new Set<{ readonly dueMs: number; readonly run: () => void }>();

  nowMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, run: () => void): () => void {
    const timer = { dueMs: this.#nowMs + delayMs, run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  get timers(): number {
    return this.#timers.size;
  }

  /** Moves to `toMs` from now, and runs what falls due on the way, in order. */
  advance(delayMs: number): void {
    const endMs = this.#nowMs + delayMs;
    for (let next = this.#next(); next !== undefined && next.dueMs <= endMs; next = this.#next()) this.#run(next);
    this.#nowMs = endMs;
  }

  /** Moves from timer to timer until `work` is settled. */
  async settle<Result>(work: Promise<Result>): Promise<Result> {
    let isSettled = false;
    const settled = () => {
      isSettled = true;
    };
    work.then(settled, settled);
    for (await quiet(); !isSettled; await quiet()) {
      const next = this.#next();
      if (next === undefined) throw new Error("clock: want a timer that ends the work, got none");
      this.#run(next);
    }
    return await work;
  }

  #next() {
    return [...this.#timers].sort((a, b) => a.dueMs - b.dueMs)[0];
  }

  #run(timer: { readonly dueMs: number; readonly run: () => void }): void {
    this.#timers.delete(timer);
    this.#nowMs = timer.dueMs;
    timer.run();
  }
}

/** Resolves when everything that waits for nothing but promises has run. */
export function quiet(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

export type Push = { readonly atMs: number; readonly proto: IProtoMessage; readonly isRetriedByNode: boolean };

export const TAKEN: PushResult = { successes: ["a service node"], failures: [] };

export function refused(error: string): PushResult {
  return { successes: [], failures: [{ error }] };
}

/** @param answer - to the push of this number, 0-based; a promise for one that answers later or never */
export function fakeNode(clock: WakuClock, answer: (push: number) => PushResult | Promise<PushResult> = () => TAKEN) {
  const pushes: Push[] = [];
  let underWay = 0;
  let mostUnderWay = 0;
  const node: SendingNode = {
    lightPush: {
      async send(encoder, message, options) {
        underWay += 1;
        mostUnderWay = Math.max(mostUnderWay, underWay);
        try {
          const proto = await encoder.toProtoObj(message);
          if (proto === undefined) return refused("Failed to encode");
          pushes.push({ atMs: clock.nowMs(), proto, isRetriedByNode: options?.autoRetry !== false });
          return await answer(pushes.length - 1);
        } finally {
          underWay -= 1;
        }
      },
    },
  };
  return {
    node,
    pushes,
    payloads: () => pushes.map(({ proto }) => proto.payload),
    mostUnderWay: () => mostUnderWay,
  };
}

/** Puts a number in front of each payload it encodes, as one that encrypts puts a nonce there. */
export function numberingEncoder(): IEncoder & { readonly encoded: () => number } {
  let encoded = 0;
  return {
    ...plainEncoder(),
    encoded: () => encoded,
    async toProtoObj(message) {
      encoded += 1;
      return protoOf(message, Uint8Array.of(encoded, ...message.payload));
    },
  };
}

export function plainEncoder(): IEncoder {
  return {
    contentTopic: TOPIC,
    ephemeral: false,
    routingInfo: { clusterId: 42, shardId: 0, pubsubTopic: "/waku/2/rs/42/0" },
    pubsubTopic: "/waku/2/rs/42/0",
    toWire: async ({ payload }) => new Uint8Array(payload.length + 60),
    toProtoObj: async (message) => protoOf(message, message.payload),
  };
}

function protoOf({ timestamp }: IMessage, payload: Uint8Array): IProtoMessage {
  return {
    payload,
    contentTopic: TOPIC,
    version: 0,
    timestamp: BigInt(timestamp?.getTime() ?? 0),
    meta: undefined,
    rateLimitProof: undefined,
    ephemeral: false,
  };
}
