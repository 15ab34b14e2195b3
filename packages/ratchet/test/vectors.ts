/**
 * Golden vectors, and the hex they are written in.
 * @module
 */
import { readFileSync } from "node:fs";

type Keys<Name extends string> = Readonly<Record<Name, string>>;

export type VectorState = {
  readonly root_key: string;
  readonly sending_chain: string | null;
  readonly receiving_chain: string | null;
  readonly dh_self_public: string;
  readonly dh_remote: string | null;
  readonly msg_send: number;
  readonly msg_recv: number;
  readonly prev_chain_len: number;
  readonly skipped: readonly { readonly dh: string; readonly n: number; readonly key: string }[];
};
export type VectorHeader = { readonly dh: string; readonly msg_num: number; readonly prev_chain_len: number };
type Party = "A" | "B";
export type VectorStep =
  | (Keys<"plaintext" | "nonce" | "ciphertext" | "chain_message_key" | "aad"> & {
      readonly op: "send";
      readonly who: Party;
      readonly msg: number;
      readonly header: VectorHeader;
      readonly state_after: VectorState;
    })
  | {
      readonly op: "receive";
      readonly who: Party;
      readonly msg: number;
      readonly plaintext: string;
      readonly state_after: VectorState;
    }
  | {
      readonly op: "reject";
      readonly who: Party;
      readonly case: string;
      readonly header: VectorHeader;
      readonly ciphertext: string;
    };
export type Conversation = {
  readonly max_skip: number;
  readonly shared_secret: string;
  readonly bob_prekey: Keys<"private" | "public">;
  readonly alice_dh_private: readonly string[];
  readonly bob_dh_private: readonly string[];
  readonly initial_state: Readonly<Record<Party, VectorState>>;
  readonly steps: readonly VectorStep[];
};

type Vectors = {
  readonly x25519: {
    readonly dh: readonly Keys<"private" | "public" | "shared">[];
    readonly iterated: Keys<"start" | "after_1" | "after_1000">;
    readonly keygen: readonly Keys<"private" | "public">[];
    readonly low_order_public: readonly Keys<"public">[];
  };
  readonly kdf: {
    readonly kdf_root: readonly Keys<"info" | "root" | "dh" | "new_root" | "chain">[];
    readonly kdf_chain: readonly Keys<"chain" | "message_key" | "next_chain">[];
    readonly kdf_mk: readonly Keys<"message_key" | "aead_key">[];
    readonly blake2b_mac: readonly (Keys<"key" | "personal" | "out"> & { readonly length: number })[];
    readonly frame_id: readonly Keys<"bytes" | "frame_id">[];
    readonly hkdf_blake2b_long: Keys<"salt" | "ikm" | "info" | "okm"> & { readonly length: number };
  };
  readonly aead: readonly Keys<"key" | "nonce" | "aad" | "plaintext" | "sealed">[];
  readonly x3dh: readonly (Keys<
    | "label"
    | "initiator_identity"
    | "initiator_ephemeral"
    | "responder_identity"
    | "responder_signed_prekey"
    | "responder_identity_public"
    | "responder_signed_prekey_public"
    | "shared_secret"
    | "inbox_seed_key"
    | "convo_base"
    | "convo_id_initiator"
    | "convo_id_responder"
  > & { readonly responder_onetime: string | null })[];
  readonly inbox_id: readonly Keys<"public" | "inbox_id">[];
  readonly xeddsa: {
    readonly sign: readonly (Keys<
      "private" | "public" | "message" | "Z" | "signature" | "signature_xeddsa_crate_1_0_2" | "libsignal_signature"
    > & { readonly libsignal_signature_valid_under_spec: boolean })[];
    readonly verify_negative: readonly Keys<"case" | "public" | "message" | "signature">[];
  };
  readonly intro_bundle: Keys<
    | "installation_private"
    | "installation_public"
    | "ephemeral_private"
    | "ephemeral_public"
    | "Z"
    | "signed_message"
    | "signature"
  >;
  readonly double_ratchet: Readonly<Record<"libchat" | "private1", Conversation>>;
  readonly flow_first_message: Keys<
    | "initiator_identity"
    | "initiator_ephemeral"
    | "initiator_first_dh"
    | "nonce"
    | "shared_secret"
    | "seed_key"
    | "convo_id_initiator"
    | "convo_id_responder"
    | "plaintext"
    | "ciphertext"
  > & { readonly header: VectorHeader };
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
