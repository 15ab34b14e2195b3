/** What a peer with a program of a later version would send on a session that it has. @module */
import { createCipheriv, randomBytes } from "node:crypto";
import { mailboxTopic, sealEnvelope } from "@chat/codec";
import { encrypt } from "@chat/ratchet";
import type { MemoryNetwork } from "@chat/sdk/testing";
import { acknowledge, sendEphemeral, send as sendSds } from "@chat/sds";
import { Segmenter } from "@chat/segmentation";
import type { Store } from "@chat/store";
import { BLAKE2b } from "@stablelib/blake2b";
import { decodeSession, type Session } from "../src/sessions/session.ts";
import { MAX_SEGMENT_SIZE } from "../src/sizes.ts";

const SMALLEST_CLASS = 384;
const random = (length: number) => new Uint8Array(randomBytes(length));

export class NewerPeer {
  readonly #network: MemoryNetwork;
  #session: Session;

  /** Takes over the one session in the store; its client is closed. */
  static async of(store: Store, network: MemoryNetwork): Promise<NewerPeer> {
    const [record] = await store.secrets.sessions();
    if (record === undefined) throw new Error("want a session in the store, got none");
    return new NewerPeer(decodeSession(record, await store.messages.sdsState(record.id)), network);
  }

  private constructor(session: Session, network: MemoryNetwork) {
    this.#session = session;
    this.#network = network;
  }

  /** @param frame - an encoded `PrivateV1Frame` */
  sendFrame(frame: Uint8Array): void {
    const segmenter = new Segmenter({ maxMessageSize: MAX_SEGMENT_SIZE, wrap: "always", parity: "none" });
    for (const segment of segmenter.segment(frame)) {
      const { state: sds, bytes } = sendSds(this.#session.sds, segment, { nowMs: 0, maxHistory: 2, random });
      const { state: ratchet, message } = encrypt(this.#session.ratchet, bytes);
      this.#session = { ...this.#session, sds, ratchet };
      const envelope = { ephemeral: new Uint8Array(), random };
      this.publish(sealEnvelope({ kind: "ratchet", message }, this.#session.sendingKeys, envelope));
    }
  }

  /** @param frame - an encoded `PrivateV1Frame` */
  sendSignal(frame: Uint8Array): void {
    const bytes = sendEphemeral(this.#session.sds, frame, { nowMs: 0 });
    const { state: ratchet, message } = encrypt(this.#session.ratchet, bytes);
    this.#session = { ...this.#session, ratchet };
    const envelope = { ephemeral: new Uint8Array(), random };
    this.publish(sealEnvelope({ kind: "ratchet", message }, this.#session.sendingKeys, envelope));
  }

  /** A confirmation of whatever ids it likes. */
  confirm(sdsIds: readonly string[]): void {
    const claimed = { ...this.#session.sds, toAcknowledge: sdsIds, outstanding: [] };
    const sync = acknowledge(claimed, { nowMs: Date.now(), maxHistory: sdsIds.length });
    if (sync === undefined) throw new Error("want ids to confirm, got none");
    const { state: ratchet, message } = encrypt(this.#session.ratchet, sync.bytes);
    this.#session = { ...this.#session, ratchet, sds: { ...this.#session.sds, lamport: sync.state.lamport } };
    const envelope = { ephemeral: new Uint8Array(), random };
    this.publish(sealEnvelope({ kind: "ratchet", message }, this.#session.sendingKeys, envelope));
  }

  /** @param payload - an encoded `EncryptedPayload` of at most 380 bytes */
  sendPayload(payload: Uint8Array): void {
    const { sealKey, hintKey } = this.#session.sendingKeys;
    const nonce = random(12);
    const hint = new BLAKE2b(8, { key: hintKey }).update(nonce).digest();
    const padded = Buffer.alloc(SMALLEST_CLASS);
    padded.writeUInt32BE(payload.length);
    padded.set(payload, 4);
    const cipher = createCipheriv("chacha20-poly1305", sealKey, nonce, { authTagLength: 16 });
    cipher.setAAD(Buffer.concat([Buffer.of(1), hint]), { plaintextLength: padded.length });
    const sealed = Buffer.concat([cipher.update(padded), cipher.final(), cipher.getAuthTag()]);
    const fields = [field(2, hint), field(3, nonce), field(4, sealed)];
    this.publish(new Uint8Array(Buffer.concat([Buffer.of(8, 1), ...fields])));
  }

  /** @param payload - an envelope, or what a later version has in its place */
  publish(payload: Uint8Array): void {
    const topic = mailboxTopic(this.#session.peerKey, 0);
    this.#network.publish({ topic, payload, timestampMs: Math.floor(Date.now() / 1000) * 1000 });
  }
}

/** A length-delimited protobuf field below 16 of less than 16 KiB. */
export function field(number: number, value: Uint8Array): Uint8Array {
  const { length } = value;
  const size = length < 128 ? [length] : [(length % 128) | 128, length >> 7];
  return new Uint8Array([number * 8 + 2, ...size, ...value]);
}
