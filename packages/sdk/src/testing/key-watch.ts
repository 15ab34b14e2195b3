/**
 * Looks whether a message key was ever used for two messages, which would give both away. It knows all secrets:
 * envelopes are opened with what is, or was, in the stores.
 * @module
 */
import {
  deriveInboxKeys,
  type EnvelopeKeys,
  matchesHint,
  openEnvelope,
  type ParsedEnvelope,
  parseEnvelope,
  type RatchetFields,
} from "@chat/codec";
import { decodeOwnInvite, diffieHellman, type OwnInvite } from "@chat/ratchet";
import type { SecretStore } from "@chat/store";
import { toHex } from "../bytes.ts";
import { decodeSession } from "../sessions/session.ts";
import type { Simulation } from "./simulation.ts";

export class KeyWatch {
  readonly #payloads: Uint8Array[] = [];
  readonly #invites = new Map<string, OwnInvite>();
  readonly #sendingKeys = new Map<string, EnvelopeKeys>();

  constructor(simulation?: Simulation) {
    simulation?.network.observe(({ payload }) => this.see(payload));
  }

  /** An envelope was published. */
  see(payload: Uint8Array): void {
    this.#payloads.push(payload);
  }

  /** Remembers the keys that are in the store, and may be gone later. */
  async remember({ store }: { readonly store: { readonly secrets: SecretStore } }): Promise<void> {
    for (const { id, snapshot } of await store.secrets.invites()) this.#invites.set(id, decodeOwnInvite(snapshot));
    for (const record of await store.secrets.sessions()) {
      this.#sendingKeys.set(record.id, decodeSession(record, undefined).sendingKeys);
    }
  }

  /** Keys that were used twice, and how many messages could be opened to see that. */
  async findings(
    people: readonly { readonly store: { readonly secrets: SecretStore } }[],
  ): Promise<{ findings: string[]; opened: number }> {
    for (const person of people) await this.remember(person);
    const ciphertexts = new Map<string, string>();
    const findings: string[] = [];
    let opened = 0;
    for (const payload of this.#payloads) {
      const message = this.#open(payload);
      if (message === undefined) continue;
      opened += 1;
      const name = `${toHex(message.dh)}.${message.messageNumber}`;
      const ciphertext = toHex(message.ciphertext);
      if ((ciphertexts.get(name) ?? ciphertext) !== ciphertext) {
        findings.push(`message key ${message.messageNumber} of a chain is used twice`);
      }
      ciphertexts.set(name, ciphertext);
    }
    return { findings, opened };
  }

  #open(payload: Uint8Array): RatchetFields | undefined {
    const envelope = parseEnvelope(payload);
    if (envelope === undefined) return undefined;
    for (const candidate of this.#candidates(envelope)) {
      if (!matchesHint(envelope, candidate)) continue;
      const opened = openEnvelope(envelope, candidate);
      if (opened !== undefined && opened.kind !== "unsupported") return opened.message;
    }
    return undefined;
  }

  /** Those of invites take an agreement each, so they come last. */
  *#candidates({ ephemeral }: ParsedEnvelope): Generator<EnvelopeKeys, void, undefined> {
    yield* this.#sendingKeys.values();
    if (ephemeral.length === 0) return;
    for (const { keys: prekey } of this.#invites.values()) {
      const sharedSecret = diffieHellman(prekey.secretKey, ephemeral);
      yield deriveInboxKeys({ oneTimeKey: ephemeral, prekey: prekey.publicKey, sharedSecret });
    }
  }
}
