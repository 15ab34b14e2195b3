/**
 * A small group of people, each a whole client, under virtual time; and what passes the network between them.
 * @module
 */
import { mailboxTopic, parseEnvelope, parseInvite } from "@chat/codec";
import { type Conversation, text } from "@chat/sdk";
import { type Published, type SimulatedPerson, Simulation } from "@chat/sdk/testing";
import { openMemoryStore } from "@chat/store";
import { nameOfEnvelope, notedStore } from "../noted-store.ts";
import { type EnvelopeNote, GroupNotes, PURPOSES } from "./group-notes.ts";
import { type GroupOrder, planGroup } from "./group-plan.ts";

/** Of each envelope: hint, nonce, the beginning of what is sealed, key. */
export const HEAD = { hint: 8, nonce: 12, sealed: 16, key: 32 } as const;
export const HEAD_BYTES = HEAD.hint + HEAD.nonce + HEAD.sealed + HEAD.key;
/** Bits of a mailbox that are kept; an observer is told the first few. */
export const MAILBOX_BITS = 16;

/** Columns, a row for each envelope, in the order of time. People are numbers within the group. */
export type GroupTrace = {
  readonly atMs: Float64Array;
  readonly size: Uint32Array;
  readonly head: Uint8Array;
  readonly sender: Uint8Array;
  readonly recipient: Uint8Array;
  readonly purpose: Uint8Array;
  readonly isFirst: Uint8Array;
  readonly unpadded: Uint32Array;
  /** Row of the envelope that acknowledges it; -1: none. */
  readonly confirmedBy: Int32Array;
  /** Of each person. */
  readonly mailbox: Uint16Array;
  readonly written: number;
  readonly delivered: { readonly count: number; readonly totalMs: number };
};

const DELAY_MS = 50;
/** For what is confirmed late. */
const AFTERWARDS_MS = 15_000;

/** Two people share nothing that a third would see, so groups are simulated by themselves. */
export async function simulateGroup(order: GroupOrder): Promise<GroupTrace> {
  const { seed, people, acknowledgementDelayMs, warmUpMs, recordedMs } = order;
  await using simulation = new Simulation({ seed, delayMs: DELAY_MS });
  let startMs = Number.POSITIVE_INFINITY;
  const notes = new GroupNotes(
    () => simulation.nowMs,
    () => startMs + warmUpMs,
  );
  const seen: { readonly atMs: number; readonly payload: Uint8Array; readonly note: EnvelopeNote }[] = [];
  simulation.network.observe(({ atMs, payload }: Published) => {
    const name = nameOfEnvelope(payload);
    const note = notes.envelopes.get(name);
    if (note === undefined) throw new Error("an envelope: want one that was in an outbox, got another");
    notes.envelopes.delete(name);
    if (atMs >= startMs + warmUpMs && atMs < startMs + warmUpMs + recordedMs) seen.push({ atMs, payload, note });
  });
  const members: SimulatedPerson[] = [];
  for (let index = 0; index < people; index += 1) {
    const store = notedStore(openMemoryStore(), notes.of(index));
    members.push(await simulation.person(`${index}`, { rateLimit: "twn", acknowledgementDelayMs, store }));
  }
  const mailbox = new Uint16Array(people);
  for (const [index, { client }] of members.entries()) {
    const link = await simulation.run(() => client.createInvite());
    const { installationKey } = parseInvite(link, { isValidPublicKey: () => true, verify: () => true });
    mailbox[index] = mailboxOf(installationKey);
    const [open] = await simulation.run(() => client.invites());
    // It would cost an agreement for each message of others.
    if (open !== undefined) await simulation.run(() => client.revokeInvite(open.id));
  }
  startMs = simulation.nowMs;
  await talk(simulation, order);
  return {
    ...columnsOf(
      seen,
      members.map(({ client }) => client.accountId),
    ),
    mailbox,
    written: notes.written,
    delivered: notes.delivered,
  };

  async function talk(world: Simulation, given: GroupOrder): Promise<void> {
    const { conversations, texts } = planGroup(given);
    const chats = conversations.map((): { initiator?: Conversation; responder?: Conversation } => ({}));
    const begin = async (index: number, characters: number) => {
      const { initiator = 0, responder = 0 } = conversations[index] ?? {};
      const [one, other] = [members[initiator]?.client, members[responder]?.client];
      const chat = chats[index];
      if (one === undefined || other === undefined || chat === undefined) return;
      chat.initiator = await one.accept(await other.createInvite(), text("x".repeat(characters)));
    };
    const find = async (index: number) => {
      const { initiator = 0, responder = 0 } = conversations[index] ?? {};
      const all = await members[responder]?.client.conversations();
      return all?.find(({ peer }) => peer === members[initiator]?.client.accountId);
    };
    const begun = new Set<number>();
    for (const { atMs, conversation, byInitiator, characters } of texts) {
      await world.pass(startMs + atMs - world.nowMs);
      const chat = chats[conversation];
      if (chat === undefined) continue;
      if (!begun.has(conversation)) {
        begun.add(conversation);
        void begin(conversation, characters);
        continue;
      }
      if (!byInitiator) {
        const found = chat.responder ?? (await world.run(() => find(conversation)));
        if (found !== undefined) chat.responder = found;
      }
      // Whose first message has not arrived yet writes nothing.
      void (byInitiator ? chat.initiator : chat.responder)?.send(text("x".repeat(characters)));
    }
    await world.pass(startMs + warmUpMs + recordedMs + AFTERWARDS_MS - world.nowMs);
  }
}

function columnsOf(
  seen: readonly { readonly atMs: number; readonly payload: Uint8Array; readonly note: EnvelopeNote }[],
  accounts: readonly string[],
) {
  const confirming = new Map<string, number>();
  seen.forEach(({ note: { confirms } }, row) => {
    for (const sdsId of confirms) if (!confirming.has(sdsId)) confirming.set(sdsId, row);
  });
  const head = new Uint8Array(seen.length * HEAD_BYTES);
  seen.forEach(({ payload }, row) => {
    head.set(headOf(payload), row * HEAD_BYTES);
  });
  const notes = seen.map(({ note }) => note);
  return {
    atMs: Float64Array.from(seen, ({ atMs }) => atMs),
    size: Uint32Array.from(seen, ({ payload }) => payload.length),
    head,
    sender: Uint8Array.from(notes, ({ sender }) => sender),
    recipient: Uint8Array.from(notes, ({ recipient }) => accounts.indexOf(recipient)),
    purpose: Uint8Array.from(notes, ({ purpose }) => PURPOSES.indexOf(purpose)),
    isFirst: Uint8Array.from(notes, ({ isFirst }) => Number(isFirst)),
    unpadded: Uint32Array.from(notes, ({ unpaddedBytes }) => unpaddedBytes),
    confirmedBy: Int32Array.from(notes, ({ sdsId }) => (sdsId === undefined ? -1 : (confirming.get(sdsId) ?? -1))),
  };
}

/** An envelope without a key has zeros in its place. */
function headOf(payload: Uint8Array): Uint8Array {
  const envelope = parseEnvelope(payload);
  if (envelope === undefined) throw new Error("an envelope: want one that can be parsed");
  const head = new Uint8Array(HEAD_BYTES);
  head.set(envelope.hint, 0);
  head.set(envelope.nonce, HEAD.hint);
  head.set(envelope.sealed.subarray(0, HEAD.sealed), HEAD.hint + HEAD.nonce);
  head.set(envelope.ephemeral, HEAD.hint + HEAD.nonce + HEAD.sealed);
  return head;
}

/** As a number: the simulated network has one mailbox for all. */
function mailboxOf(installationKey: Uint8Array): number {
  const [, , , bucket = ""] = mailboxTopic(installationKey, MAILBOX_BITS).split("/");
  return Number.parseInt(bucket, 16);
}
