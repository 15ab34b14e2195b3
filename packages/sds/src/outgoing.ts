/**
 * What all messages have that leave a channel: a name, a Lamport time, and what they carry for others.
 * @module
 */
import { SdsError } from "./errors.ts";
import { type About, encodeMessage, type NameMessage } from "./message.ts";
import { isMessageId, messageIdOf } from "./message-id.ts";
import { takeRequests } from "./repair.ts";
import { checkRepair, type RepairOptions } from "./repair-options.ts";
import type { ChannelState } from "./state.ts";

/** What any message but an ephemeral one may carry. */
export type CarryOptions = {
  /** Asks for what is due: 34 bytes for each id, and the sender in the full form. @default nothing is asked for */
  readonly repair?: RepairOptions;
  /** `BloomFilter.toBytes` of ids received and sent. @default none */
  readonly bloomFilter?: Uint8Array;
  /** Full form: what your log knows of a message that is named, for others to ask and to look for it. */
  readonly about?: (messageId: string) => About | undefined;
  /** Full form: how this channel names messages. @default a hash of channel, sender, Lamport time and content */
  readonly nameMessage?: NameMessage;
};

type Body = { readonly messageId: string; readonly history: readonly string[]; readonly content: Uint8Array };

/** At the state's Lamport time; asks for what is due. */
export function encode(
  state: ChannelState,
  body: Body,
  { nowMs, repair, bloomFilter, about }: CarryOptions & { readonly nowMs: number },
) {
  const { state: next, ids } = repair ? takeRequests(state, nowMs, checkRepair(repair)) : { state, ids: [] };
  const bytes = encodeMessage({
    ...body,
    channelId: state.channelId,
    sender: state.participantId,
    lamport: state.lamport,
    repairRequest: ids,
    ...(bloomFilter && { bloomFilter }),
    about: (id) => about?.(id) ?? senderOf(state, id),
  });
  return { state: next, bytes };
}

/** Of what is in the state; the rest is in the caller's log. */
function senderOf(state: ChannelState, messageId: string): About | undefined {
  const isOurs = messageId === state.previousId || state.outstanding.some((each) => each.messageId === messageId);
  const sender = isOurs ? state.participantId : state.missing.find((gap) => gap.messageId === messageId)?.sender;
  return sender === undefined ? undefined : { sender };
}

export function nameOf(
  { channelId, participantId: sender }: ChannelState,
  lamport: number,
  content: Uint8Array,
  { nameMessage = messageIdOf }: { readonly nameMessage?: NameMessage | undefined },
): string {
  const messageId =
    channelId === undefined
      ? messageIdOf({ channelId, sender, lamport, content })
      : nameMessage({ channelId, sender, lamport, content });
  if (isMessageId(messageId, channelId)) return messageId;
  throw new SdsError("INVALID_OPTION", "nameMessage: want 1 to 128 printable ASCII characters, got another text");
}

/** Grows with every message, so that equal contents have different ids. */
export function nextLamport({ lamport }: ChannelState, nowMs: number): number {
  return Math.max(nowMs, lamport + 1);
}
