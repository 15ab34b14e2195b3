/**
 * What an observer of a network captures of conversations: Waku messages of real sessions, as the SDK sends them.
 * Inside, everything repeats that can: the same texts, SDS and segment fields with the same names.
 * @module
 */
import {
  deriveConversationKeys,
  deriveInboxKeys,
  encodeContentFrame,
  encodePrivateFrame,
  mailboxTopic,
  sealEnvelope,
  text,
} from "@chat/codec";
import {
  agreeAsInitiator,
  agreeAsResponder,
  decrypt,
  deriveSession,
  diffieHellman,
  encrypt,
  generateKeyPair,
  type KeyPair,
  type RatchetState,
  sessionAssociatedData,
  startAsInitiator,
  startAsResponder,
} from "@chat/ratchet";
import type { Random } from "../random.ts";

const START_MS = 1_800_000_000_000;
const START_NS = BigInt(START_MS) * 1_000_000n;

const TEXTS = ["1", "100", "1", "100", "1", "100", "1000"] as const;

/** What the observer does not know. */
type Truth = { readonly isFirst: boolean; readonly what: (typeof TEXTS)[number] | "acknowledgement" };

export type Captured = {
  /** A whole Waku message (14/WAKU2-MESSAGE). */
  readonly bytes: Uint8Array;
  /** Its payload. */
  readonly envelope: Uint8Array;
  readonly truth: Truth;
};

export type Capture = {
  readonly messages: readonly Captured[];
  /** Everything that names an account, an invite or a session; none of it may be in any message. */
  readonly names: readonly Uint8Array[];
};

/** `count` messages of so many conversations, in the order of the network: all mixed. */
export function capture(random: Random, conversations: number, count: number): Capture {
  const messages: Captured[] = [];
  const names: Uint8Array[] = [];
  for (let conversation = 0; conversation < conversations; conversation += 1) {
    const share = Math.floor(((conversation + 1) * count) / conversations) - messages.length;
    messages.push(...converse(random, share, names));
  }
  return { messages: random.shuffle(messages), names };
}

function converse(random: Random, count: number, names: Uint8Array[]): Captured[] {
  const bytes = (length: number) => random.bytes(length);
  const [raya, saro, prekey, handshakeKey] = [1, 2, 3, 4].map(() => generateKeyPair(bytes)) as [
    KeyPair,
    KeyPair,
    KeyPair,
    KeyPair,
  ];
  const initiatorSecrets = deriveSession(
    agreeAsInitiator({
      identity: saro,
      ephemeral: handshakeKey,
      remoteIdentity: raya.publicKey,
      remotePrekey: prekey.publicKey,
    }),
  );
  const responderSecrets = deriveSession(
    agreeAsResponder({
      identity: raya,
      prekey,
      remoteIdentity: saro.publicKey,
      remoteEphemeral: handshakeKey.publicKey,
    }),
  );
  const associatedData = sessionAssociatedData(saro.publicKey, raya.publicKey);
  const keys = deriveConversationKeys(responderSecrets.secret);
  names.push(
    ...[raya, saro, prekey, handshakeKey].map(({ publicKey }) => publicKey),
    initiatorSecrets.base,
    ...[initiatorSecrets, responderSecrets].map(({ base }) => base.slice(0, 8)),
    new TextEncoder().encode(initiatorSecrets.initiatorConversationId),
  );
  let initiator: RatchetState = startAsInitiator({
    sharedSecret: initiatorSecrets.secret,
    remoteKey: prekey.publicKey,
    associatedData,
    random: bytes,
  });
  let responder: RatchetState = startAsResponder({
    sharedSecret: responderSecrets.secret,
    keyPair: prekey,
    associatedData,
  });
  const unanswered = random.between(1, 4);
  return Array.from({ length: count }, (_, number): Captured => {
    const isFirst = number < unanswered;
    const isInitiator = isFirst || (number > unanswered && random.chance(0.5));
    const drawn: Truth["what"] = random.chance(0.4) ? "acknowledgement" : random.pick(TEXTS);
    // A conversation begins with a text.
    const what: Truth["what"] = isFirst && drawn === "acknowledgement" ? "1" : drawn;
    const from = isInitiator ? initiator : responder;
    const { state, message } = encrypt(from, plaintext(what, isFirst), { random: bytes });
    const received = decrypt(isInitiator ? responder : initiator, message, { nowMs: START_MS });
    if (received.kind !== "opened") throw new Error("an honest message did not open");
    [initiator, responder] = isInitiator ? [state, received.state] : [received.state, state];
    const oneTime = generateKeyPair(bytes);
    const options = { ephemeral: oneTime.publicKey, random: bytes };
    const handshake = { kind: "handshake", initiator: saro.publicKey, ephemeral: handshakeKey.publicKey } as const;
    const envelope = isFirst
      ? sealEnvelope({ ...handshake, message }, inboxKeys(oneTime, prekey), options)
      : sealEnvelope(
          { kind: "ratchet", message },
          isInitiator ? keys.initiatorToResponder : keys.responderToInitiator,
          options,
        );
    const truth: Truth = { isFirst, what };
    const recipient = isInitiator ? raya : saro;
    return { bytes: wakuMessage(envelope, mailboxTopic(recipient.publicKey, 0), number), envelope, truth };
  });
}

function inboxKeys(oneTime: KeyPair, prekey: KeyPair) {
  const sharedSecret = diffieHellman(oneTime.secretKey, prekey.publicKey);
  return deriveInboxKeys({ oneTimeKey: oneTime.publicKey, prekey: prekey.publicKey, sharedSecret });
}

/** What the ratchet encrypts: a frame in a segment in an SDS message, whose fields have the SDK's lengths. */
function plaintext(what: Truth["what"], isFirst: boolean): Uint8Array {
  // sender_id, lamport_timestamp of 41 bits; HistoryEntry { message_id of 32 characters }.
  const sds = [0x0a, 1, 0x49, 0x50, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01];
  const entry = [0x5a, 34, 0x0a, 32, ...new Uint8Array(32).fill(0x61)];
  const entries = (count: number) => Array.from({ length: count }, () => entry).flat();
  if (what === "acknowledgement") return Uint8Array.from([...sds, ...entries(5)]);
  const content = encodeContentFrame(text("x".repeat(Number(what))));
  const frame = encodePrivateFrame({ timestampMs: START_MS, body: { kind: "content", content } });
  // original_payload_hash, original_payload_length, data_segment_count, segment_payload.
  const segment = [0x0a, 32, ...new Uint8Array(32).fill(7), 0x10, ...varint(frame.length), 0x20, 1];
  const payload = [...segment, 0x3a, ...varint(frame.length), ...frame];
  return Uint8Array.from([...sds, ...entries(isFirst ? 1 : 3), 0xa2, 0x01, ...varint(payload.length), ...payload]);
}

/** payload = 1, content_topic = 2, timestamp = 10 (sint64), cut to a second. */
function wakuMessage(envelope: Uint8Array, topic: string, second: number): Uint8Array {
  const name = new TextEncoder().encode(topic);
  const timestamp = (START_NS + BigInt(second) * 1_000_000_000n) * 2n;
  const head = [0x0a, ...varint(envelope.length)];
  return Uint8Array.from([...head, ...envelope, 0x12, name.length, ...name, 0x50, ...bigVarint(timestamp)]);
}

function varint(value: number): number[] {
  return bigVarint(BigInt(value));
}

function bigVarint(value: bigint): number[] {
  const bytes: number[] = [];
  let left = value;
  for (; left >= 128n; left >>= 7n) bytes.push(Number(left & 127n) | 128);
  return [...bytes, Number(left)];
}
