/**
 * Golden vectors, and the hex they are written in.
 * @module
 */
import { readFileSync } from "node:fs";

type Header = { readonly dh: string; readonly msg_num: number; readonly prev_chain_len: number };
type Step = {
  readonly op: string;
  readonly header: Header;
  readonly ciphertext: string;
  readonly wire_doubleratchet_pb: string;
};
type Vectors = {
  readonly intro_bundle: {
    readonly installation_public: string;
    readonly ephemeral_public: string;
    readonly signed_message: string;
    readonly signature: string;
    readonly encoded: string;
    readonly also_valid: readonly { readonly case: string; readonly encoded: string }[];
    readonly invalid: readonly { readonly case: string; readonly encoded: string }[];
  };
  readonly double_ratchet: Readonly<Record<"libchat" | "private1", { readonly steps: readonly Step[] }>>;
};

/** `vectors/ratchet.json` of the repository; throws if it is missing. */
export function loadVectors(): Vectors {
  const file = new URL("../../../vectors/ratchet.json", import.meta.url);
  return JSON.parse(readFileSync(file, "utf8"));
}

export function fromHex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g) ?? [], (digits) => Number.parseInt(digits, 16));
}

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

type WireVectors = {
  readonly envelopes: readonly Readonly<
    Record<"name" | "sk" | "direction" | "nonce" | "ephemeral" | "payload" | "envelope", string>
  >[];
  readonly session: Readonly<
    Record<
      | ("sk" | "identityI" | "identityR" | "prekeySecret" | "prekeyPublic" | "dh")
      | ("dhSecretShared" | "nonce" | "plaintext" | "aad" | "ciphertext"),
      string
    >
  >;
  readonly safety: readonly Readonly<Record<"name" | "a" | "b" | "digits" | "code", string>>[];
  readonly mailboxes: readonly { readonly key: string; readonly bits: number; readonly topic: string }[];
};

/** `wire-vectors.json`, which the second implementation wrote; throws if it is missing. */
export function loadWireVectors(): WireVectors {
  return JSON.parse(readFileSync(new URL("wire-vectors.json", import.meta.url), "utf8"));
}
