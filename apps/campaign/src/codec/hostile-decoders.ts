/**
 * Foreign bytes for every decoder of `@chat/codec`: damaged genuine ones, splices, protobuf that lies, garbage.
 * Each result is checked by what must hold whatever the bytes are.
 * @module
 */
import {
  CodecError,
  compareSafetyCode,
  createContentRegistry,
  decodeContentFrame,
  decodePrivateFrame,
  deletion,
  deriveConversationKeys,
  displayText,
  edit,
  encodeContentFrame,
  encodeInvite,
  encodePrivateFrame,
  file,
  json,
  matchesHint,
  openEnvelope,
  parseEnvelope,
  parseInvite,
  reaction,
  readReceipt,
  reply,
  SUPPLIED_TYPES,
  safetyNumber,
  sealEnvelope,
  text,
  typing,
  unsupportedVersion,
} from "@chat/codec";
import type { Random } from "../random.ts";
import { isEqual, oddBytes } from "../ratchet/odd-bytes.ts";
import { payloadBytes, resealed } from "./sealing.ts";

export type Counts = Record<string, number>;
type Target = "frame" | "content" | "envelope" | "sealed" | "invite" | "safety" | "text";

const TARGETS: readonly Target[] = ["frame", "content", "content", "envelope", "sealed", "invite", "safety", "text"];
const CALL_LIMIT_MS = 5_000;
const NO_TYPES = createContentRegistry([]);
const BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_#= \n";

/** Genuine bytes of one seed, and what is made of them. */
export class HostileDecoders {
  slowestCallMs = 0;
  readonly #random: Random;
  readonly #counts: Counts;
  readonly #keys;
  readonly #safety = safetyNumber(new Uint8Array(32).fill(1), new Uint8Array(32).fill(2));
  readonly #contents: readonly Uint8Array[];
  readonly #frames: readonly Uint8Array[];
  readonly #envelopes: readonly Uint8Array[];
  readonly #payloads: readonly Uint8Array[];
  readonly #invites: readonly string[];

  constructor(random: Random, counts: Counts) {
    this.#random = random;
    this.#counts = counts;
    this.#keys = deriveConversationKeys(random.bytes(32)).initiatorToResponder;
    const id = "0123456789abcdef".repeat(2);
    const contents = [
      ...[text("hello"), reply(id, "yes"), reaction(id, "👍"), edit(id, "no"), deletion(id), typing()],
      ...[readReceipt([id, id]), json("a/1", { b: [1, "2", null] })],
      file({
        name: "a.png",
        mediaType: "image/png",
        bytes: random.bytes(random.spread(0, 2_000)),
        thumbnail: { mediaType: "image/png", bytes: random.bytes(20) },
      }),
    ];
    this.#contents = contents.map(encodeContentFrame);
    const bundle = {
      installationKey: random.bytes(32),
      ephemeralKey: random.bytes(32),
      signature: random.bytes(64),
    };
    const bundles = [bundle, { ...bundle, kemKey: random.bytes(1_184) }];
    this.#invites = bundles.map(encodeInvite);
    const timestampMs = 1_800_000_000_000;
    this.#frames = [
      ...this.#contents.map((content) => encodePrivateFrame({ timestampMs, body: { kind: "content", content } })),
      ...bundles.map((renewal) => encodePrivateFrame({ timestampMs, body: { kind: "renewal", bundle: renewal } })),
    ];
    const message = { dh: random.bytes(32), messageNumber: 3, previousChainLength: 7, ciphertext: random.bytes(80) };
    const handshake = { kind: "handshake", initiator: random.bytes(32), ephemeral: random.bytes(32), message } as const;
    const payloads = [
      { kind: "ratchet", message } as const,
      handshake,
      { ...handshake, kemCiphertext: random.bytes(1_088) },
    ];
    const options = { ephemeral: new Uint8Array(0), random: (length: number) => random.bytes(length) };
    this.#envelopes = payloads.map((payload, index) =>
      sealEnvelope(payload, this.#keys, index === 0 ? options : { ...options, ephemeral: random.bytes(32) }),
    );
    this.#payloads = payloads.map(payloadBytes);
  }

  run(inputs: number): void {
    for (let input = 0; input < inputs; input += 1) {
      const target = this.#random.pick(TARGETS);
      const startedMs = performance.now();
      const result = this.#try(target);
      const tookMs = performance.now() - startedMs;
      if (tookMs > CALL_LIMIT_MS) throw new Error(`${target}: took ${tookMs} ms`);
      this.slowestCallMs = Math.max(this.slowestCallMs, tookMs);
      const name = `${target}.${result}`;
      this.#counts[name] = (this.#counts[name] ?? 0) + 1;
    }
  }

  #try(target: Target): string {
    switch (target) {
      case "frame":
        return this.#frame(this.#hostile(this.#frames));
      case "content":
        return this.#content(this.#hostile(this.#contents));
      case "envelope":
        return this.#envelope(this.#hostile(this.#envelopes));
      case "sealed":
        return this.#sealed(this.#hostile(this.#payloads));
      case "invite":
        return this.#invite(this.#hostileText(this.#random.pick(this.#invites)));
      case "safety":
        return compareSafetyCode(this.#hostileText(this.#safety.code), this.#safety);
      case "text":
        return this.#text();
    }
  }

  #frame(bytes: Uint8Array): string {
    const before = bytes.slice();
    const frame = decodePrivateFrame(bytes);
    want(isEqual(bytes, before), "decodePrivateFrame changed its argument");
    if (!frame) return "malformed";
    const { timestampMs, body } = frame;
    want(!Number.isNaN(new Date(timestampMs).getTime()), "a time that no Date can hold");
    if (body.kind === "unknown") {
      want(isEqual(body.frame, bytes), "an unknown frame lost bytes");
      return "unknown";
    }
    const again = decodePrivateFrame(encodePrivateFrame({ timestampMs, body }));
    want(again?.body.kind === body.kind && again.timestampMs === timestampMs, "a frame changed on the way back");
    if (body.kind === "content") this.#content(body.content);
    return body.kind;
  }

  #content(bytes: Uint8Array): string {
    const before = bytes.slice();
    const content = decodeContentFrame(bytes);
    want(isEqual(bytes, before), "decodeContentFrame changed its argument");
    const encoded = encodeContentFrame(content);
    want(encoded.length <= bytes.length + 4_096, "a content grew on the way back");
    const again = decodeContentFrame(encoded);
    want(isEqual(encodeContentFrame(again), encoded), "a content changed on the way back");
    const foreign = NO_TYPES.decode(bytes);
    want(foreign.kind === "unsupported", "an empty registry read something");
    want([...foreign.fallback].length <= 300, "a fallback is too long");
    if (content.kind !== "unsupported") {
      want(
        SUPPLIED_TYPES.some((type) => type.is(content)),
        "a content of no type",
      );
      return content.kind;
    }
    if (content.reason === "unreadable") want(isEqual(content.payload, bytes), "unreadable content lost bytes");
    return content.reason;
  }

  #envelope(bytes: Uint8Array): string {
    const envelope = parseEnvelope(bytes);
    if (!envelope) return unsupportedVersion(bytes) === undefined ? "malformed" : "newerVersion";
    matchesHint(envelope, this.#keys);
    const payload = openEnvelope(envelope, this.#keys);
    if (!payload) return "closed";
    const isGenuine = this.#envelopes.some((genuine) => {
      const { sealed } = parseEnvelope(genuine) ?? {};
      return sealed !== undefined && isEqual(sealed, envelope.sealed);
    });
    want(isGenuine, "something opened that nobody sealed");
    return "opened";
  }

  /** Whoever has the keys seals what they like. */
  #sealed(inner: Uint8Array): string {
    const payload = openEnvelope(resealed(inner, this.#keys.sealKey, this.#random), this.#keys);
    if (!payload) return "malformed";
    if (payload.kind === "unsupported") {
      want(isEqual(payload.bytes, inner), "an unsupported payload lost bytes");
      return "unsupported";
    }
    const options = { ephemeral: new Uint8Array(0), random: (length: number) => this.#random.bytes(length) };
    const again = parseEnvelope(sealEnvelope(payload, this.#keys, options));
    want(again !== undefined && openEnvelope(again, this.#keys)?.kind === payload.kind, "a payload changed");
    return payload.kind;
  }

  #invite(link: string): string {
    const isHonest = this.#random.chance(0.5);
    const checks = { isValidPublicKey: () => true, verify: () => isHonest, isValidKemPublicKey: () => true };
    try {
      const bundle = parseInvite(link, checks);
      want(isHonest, "an invite with a wrong signature was taken");
      want(parseInvite(encodeInvite(bundle), checks).installationKey.length === 32, "an invite changed");
      return bundle.kemKey ? "hybrid" : "classical";
    } catch (error) {
      if (error instanceof CodecError && error.code === "INVALID_INVITE") return "refused";
      throw error;
    }
  }

  #text(): string {
    const words = new Uint16Array(this.#random.spread(0, 400));
    for (let at = 0; at < words.length; at += 1) {
      words[at] = this.#random.chance(0.3) ? this.#random.between(0x2020, 0x2070) : this.#random.below(2 ** 16);
    }
    const most = this.#random.below(300);
    const shown = displayText(String.fromCharCode(...words), most);
    want([...shown].length <= most && shown.isWellFormed(), "a text is too long or not well formed");
    want(displayText(shown, most) === shown, "cleaning twice is not cleaning once");
    want(!/[\u202a-\u202e\u2066-\u2069]/.test(shown), "an override survived");
    return "cleaned";
  }

  #hostile(genuine: readonly Uint8Array[]): Uint8Array {
    const random = this.#random;
    const original = random.pick(genuine);
    const at = random.below(original.length + 1);
    switch (random.below(9)) {
      case 0:
        return oddBytes(random, random.spread(0, 600));
      case 1:
        return original.slice(0, at);
      case 2: {
        const other = random.pick(genuine);
        return joined(original.subarray(0, at), other.subarray(random.below(other.length + 1)));
      }
      case 3:
        return joined(original, lyingFields(random));
      case 4:
        return lyingFields(random);
      case 5:
        return joined(original.subarray(0, at), oddBytes(random, random.spread(0, 40)), original.subarray(at));
      case 6:
        // What groups cost: one byte each to open.
        return new Uint8Array(random.spread(0, 3_000)).fill(random.pick([0x0b, 0x13, 0x1b, 0x23]));
      default: {
        const copy = original.slice();
        for (let flips = random.spread(0, 8); flips > 0; flips -= 1) {
          const index = random.below(copy.length);
          copy[index] = (copy[index] ?? 0) ^ (1 << random.below(8));
        }
        return copy;
      }
    }
  }

  #hostileText(original: string): string {
    const random = this.#random;
    const at = random.below(original.length + 1);
    switch (random.below(6)) {
      case 0:
        return original.slice(0, at);
      case 1:
        return original + random.pick(["#", " ", "\u0000", "🙂", original]);
      case 2:
        return random.pick(["https://a.example/#", "chat:#", "logos_chatintro_3_", " "]) + original;
      case 3:
        return Array.from({ length: random.spread(0, 400) }, () => random.pick([...BASE64URL])).join("");
      default: {
        const characters = [...original];
        for (let edits = random.spread(0, 3); edits > 0; edits -= 1) {
          characters[random.below(characters.length)] = random.pick([...BASE64URL]);
        }
        return characters.join("");
      }
    }
  }
}

/** Protobuf records with numbers, lengths and wire types at their extremes. */
function lyingFields(random: Random): Uint8Array {
  const bytes: number[] = [];
  for (let fields = random.spread(1, 8); fields > 0; fields -= 1) {
    const number = random.pick([1, 2, 3, 4, 5, 10, 11, 20, 21, 2 ** 29 - 1, random.below(40)]);
    varint(bytes, number * 8 + random.below(8));
    const body = random.spread(0, 50);
    varint(bytes, random.pick([body, body, body, 0, 2 ** 31, 2 ** 32 - 1, 2 ** 53]));
    bytes.push(...oddBytes(random, body));
  }
  return Uint8Array.from(bytes);
}

function varint(bytes: number[], value: number): void {
  let left = value;
  for (; left >= 128; left = Math.floor(left / 128)) bytes.push((left % 128) | 128);
  bytes.push(left);
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}

function want(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise);
}
