/**
 * What two people who chat put on the network: the whole client, from codec to rate limit, under virtual time.
 * @module
 */
import { text } from "@chat/sdk";
import { Simulation } from "@chat/sdk/testing";
import { type OutboxRecord, openMemoryStore, type Store } from "@chat/store";
import { nameOfEnvelope, notedStore } from "../noted-store.ts";

/** Envelopes and their bytes, by what they are for. */
export type Traffic = Readonly<Record<Purpose, { readonly count: number; readonly bytes: number }>>;
export const PURPOSES = ["content", "frame", "signal", "acknowledgement", "retransmission"] as const;
export type Purpose = (typeof PURPOSES)[number];

export type PairTraffic = { readonly written: number; readonly traffic: Traffic };

export type PairPlan = {
  readonly seed: number;
  /** Share of publications, and of what a subscription brings, that is lost: 0 to 1. */
  readonly loss: number;
};

/** CHAT-P1: each writes 100 characters, 4 times a minute. */
const TEXT = text("x".repeat(100));
const MINUTE_MS = 60_000;
export const WRITING_MS = 10 * MINUTE_MS;
export const MESSAGES_PER_MINUTE = 4;
/** For what is confirmed late, or again. */
export const AFTERWARDS_MS = 2 * MINUTE_MS;
/** Round trip to a service node and on, as on the internet. */
export const DELAY_MS = 50;

export const NO_TRAFFIC: Traffic = {
  content: { count: 0, bytes: 0 },
  frame: { count: 0, bytes: 0 },
  signal: { count: 0, bytes: 0 },
  acknowledgement: { count: 0, bytes: 0 },
  retransmission: { count: 0, bytes: 0 },
};

/** From the handshake on: an invite is accepted, and both write at random moments. */
export async function trafficOfPair({ seed, loss }: PairPlan): Promise<PairTraffic> {
  const purposes = new Map<string, Purpose>();
  let traffic = NO_TRAFFIC;
  let written = 0;
  await using simulation = new Simulation({ seed, delayMs: DELAY_MS });
  simulation.network.observe(({ payload }) => {
    const purpose = purposes.get(nameOfEnvelope(payload));
    if (purpose === undefined) throw new Error("an envelope: want one that was in an outbox, got another");
    traffic = addTraffic(traffic, { ...NO_TRAFFIC, [purpose]: { count: 1, bytes: payload.length } });
  });
  const person = (name: string) => {
    return simulation.person(name, { rateLimit: "twn", store: noting(openMemoryStore(), purposes) });
  };
  const [raya, saro] = [await person("raya"), await person("saro")];
  const invite = await simulation.run(() => raya.client.createInvite());
  simulation.setConditions({ loss, publishLoss: loss });
  await simulation.run(() => saro.client.accept(invite, TEXT));
  written += 1;
  const each = (WRITING_MS / MINUTE_MS) * MESSAGES_PER_MINUTE;
  const write = async (writer: typeof raya) => {
    const [chat] = await writer.client.conversations();
    if (chat === undefined) return; // the first message has not arrived yet
    await chat.send(TEXT);
    written += 1;
  };
  for (let index = 0; index < each; index += 1) {
    for (const writer of [raya, saro]) {
      simulation.after(simulation.random.fraction() * WRITING_MS, () => void write(writer));
    }
  }
  await simulation.pass(WRITING_MS + AFTERWARDS_MS);
  return { written, traffic };
}

export function addTraffic(one: Traffic, other: Traffic): Traffic {
  const sum = (purpose: Purpose) => ({
    count: one[purpose].count + other[purpose].count,
    bytes: one[purpose].bytes + other[purpose].bytes,
  });
  return {
    content: sum("content"),
    frame: sum("frame"),
    signal: sum("signal"),
    acknowledgement: sum("acknowledgement"),
    retransmission: sum("retransmission"),
  };
}

/** The store, with a note of what each envelope is for. */
function noting(store: Store, purposes: Map<string, Purpose>): Store {
  const putOutbox = ({ purpose, messageId, payload }: OutboxRecord) => {
    const isFrame = purpose === "content" && messageId?.startsWith("~") === true;
    purposes.set(nameOfEnvelope(payload), isFrame ? "frame" : purpose);
  };
  return notedStore(store, () => ({ messages: { putOutbox } }));
}
