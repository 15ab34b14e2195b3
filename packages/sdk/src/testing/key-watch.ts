/**
 * Looks whether a message key was ever used for two messages, which would give both away. It knows all secrets of the
 * simulation: envelopes are opened with what is in the stores.
 * @module
 */
import { deriveInboxKeys, matchesHint, openEnvelope, parseEnvelope, type RatchetFields } from "@chat/codec";
import { decodeOwnInvite, diffieHellman, type OwnInvite } from "@chat/ratchet";
import { toHex } from "../bytes.ts";
import { decodeSession } from "../sessions/session.ts";
import type { Published } from "./simulated-network.ts";
import type { SimulatedPerson } from "./simulated-person.ts";
import type { Simulation } from "./simulation.ts";

export class KeyWatch {
  readonly #published: Published[] = [];
  readonly #invites = new Map<string, OwnInvite>();

  constructor(simulation: Simulation) {
    simulation.network.observe((message) => this.#published.push(message));
  }

  /** Remembers the keys of the person's invites, which are wiped later. */
  async remember({ store }: SimulatedPerson): Promise<void> {
    for (const { id, snapshot } of await store.secrets.invites()) this.#invites.set(id, decodeOwnInvite(snapshot));
  }

  /** Keys that were used twice, and how many messages could be opened to see that. */
  async findings(people: readonly SimulatedPerson[]): Promise<{ findings: string[]; opened: number }> {
    const sessions = (await Promise.all(people.map(({ store }) => store.secrets.sessions()))).flat();
    const keys = sessions.map((record) => decodeSession(record, undefined).sendingKeys);
    const ciphertexts = new Map<string, string>();
    const findings: string[] = [];
    let opened = 0;
    for (const { payload, sender } of this.#published) {
      const message = this.#open(payload, keys);
      if (message === undefined) continue;
      opened += 1;
      const name = `${toHex(message.dh)}.${message.messageNumber}`;
      const ciphertext = toHex(message.ciphertext);
      if ((ciphertexts.get(name) ?? ciphertext) !== ciphertext) {
        findings.push(`${sender}: message key ${message.messageNumber} of a chain is used twice`);
      }
      ciphertexts.set(name, ciphertext);
    }
    return { findings, opened };
  }

  #open(payload: Uint8Array, keys: readonly ReturnType<typeof deriveInboxKeys>[]): RatchetFields | undefined {
    const envelope = parseEnvelope(payload);
    if (envelope === undefined) return undefined;
    const { ephemeral } = envelope;
    const ofInvites = [...this.#invites.values()].map(({ keys: prekey }) => {
      if (ephemeral.length === 0) return undefined;
      const sharedSecret = diffieHellman(prekey.secretKey, ephemeral);
      return deriveInboxKeys({ oneTimeKey: ephemeral, prekey: prekey.publicKey, sharedSecret });
    });
    for (const candidate of [...keys, ...ofInvites]) {
      if (candidate === undefined || !matchesHint(envelope, candidate)) continue;
      const opened = openEnvelope(envelope, candidate);
      if (opened !== undefined && opened.kind !== "unsupported") return opened.message;
    }
    return undefined;
  }
}
