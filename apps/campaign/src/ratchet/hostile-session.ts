/**
 * A session of two honest peers, and between their messages everything that an attacker can put in.
 * Honest messages are lost, repeated and reordered as well, and each that arrives must open exactly once.
 * @module
 */
import {
  agreeAsResponder,
  agreeHybridAsResponder,
  type Crypto,
  createCrypto,
  createPortableCrypto,
  decodeState,
  decrypt,
  diffieHellman,
  encapsulate,
  encodeState,
  encrypt,
  generateKemKeyPair,
  generateKeyPair,
  isValidKemPublicKey,
  type KeyPair,
  type RatchetMessage,
  type RatchetState,
  signXeddsa,
  startAsInitiator,
  startAsResponder,
  verifyXeddsa,
  wipe,
} from "@chat/ratchet";
import type { Random } from "../random.ts";
import { damaged, hostileKey, hostileSnapshot, MESSAGE_MUTATIONS } from "./hostile-inputs.ts";
import { tryRecord } from "./hostile-records.ts";
import { hex, isEqual } from "./odd-bytes.ts";

export type Counts = Record<string, number>;

type Party = "alice" | "bob";
type Letter = { readonly text: Uint8Array; readonly message: RatchetMessage; isRead: boolean };

const NOW_MS = 1_800_000_000_000;
/** A call of this length hangs. */
const CALL_LIMIT_MS = 5_000;
const SIGNATURE_SHARE = 0.005;
const KEM_SHARE = 0.006;
const KEY_SHARE = 0.03;
const RECORD_SHARE = 0.05;
const SNAPSHOT_SHARE = 0.35;
/** So often the states are compared with what they were, to see that no call changed one in place. */
const COMPARE_EVERY = 16;
const MESSAGES_KEPT = 40;
const SKIPPED_KEY_BYTES = 76;

/** Equal for all sessions, because making keys is what costs most. */
const providers: readonly Crypto[] = [createCrypto(), createPortableCrypto()];
const kem = generateKemKeyPair((length) => new Uint8Array(length).fill(7));
const kemSealed = encapsulate(kem.publicKey, (length) => new Uint8Array(length).fill(9));

export class HostileSession {
  slowestCallMs = 0;
  readonly #random: Random;
  readonly #counts: Counts;
  readonly #crypto: Crypto;
  readonly #limits: { readonly maxChainAdvance: number; readonly maxSkippedKeys: number };
  readonly #identity: KeyPair;
  readonly #prekey: KeyPair;
  readonly #states: Record<Party, RatchetState>;
  /** What is under way to each. */
  readonly #letters: Record<Party, Letter[]> = { alice: [], bob: [] };
  /** Whatever was sent, which the attacker has seen. */
  readonly #seen: RatchetMessage[] = [];
  readonly #snapshots: Uint8Array[] = [];

  constructor(random: Random, counts: Counts) {
    this.#random = random;
    this.#counts = counts;
    this.#crypto = random.pick(providers);
    this.#limits = { maxChainAdvance: random.spread(1, 100), maxSkippedKeys: random.spread(0, 60) };
    const draw = (length: number) => random.bytes(length);
    this.#identity = generateKeyPair(draw, this.#crypto);
    this.#prekey = generateKeyPair(draw, this.#crypto);
    const start = { sharedSecret: random.bytes(32), associatedData: random.bytes(64) };
    this.#states = {
      alice: startAsInitiator({ ...start, remoteKey: this.#prekey.publicKey, random: draw, crypto: this.#crypto }),
      bob: startAsResponder({ ...start, keyPair: this.#prekey }),
    };
    this.#send("alice");
  }

  /** @param inputs - hostile ones */
  run(inputs: number): void {
    let before = this.#fingerprint();
    for (let left = inputs; left > 0; left -= 1) {
      if (this.#random.chance(0.25)) {
        this.#honestStep();
        before = this.#fingerprint();
      }
      this.#hostileStep();
      if (left % COMPARE_EVERY === 0 && this.#fingerprint() !== before)
        throw new Error("a rejected input changed a state");
    }
    for (const party of ["alice", "bob"] as const) {
      for (const letter of this.#letters[party]) this.#deliver(party, letter);
    }
  }

  #honestStep(): void {
    const party = this.#random.pick(["alice", "bob"] as const);
    const letters = this.#letters[party];
    const letter = letters[this.#random.below(Math.max(1, letters.length))];
    const fate = this.#random.below(8);
    if (letter === undefined || fate < 4) {
      this.#send(party);
      return;
    }
    if (fate !== 4) letters.splice(letters.indexOf(letter), 1); // 4: and again, later
    if (fate === 5) this.#count("honest.lost");
    else this.#deliver(party, letter);
  }

  #send(party: Party): void {
    const state = this.#states[party];
    if (!state.sendingChain && !state.remoteKey) return;
    // No further ahead of the receiver than its bounds allow, or honest messages would be rejected too.
    const peer = party === "alice" ? "bob" : "alice";
    const room = Math.max(1, Math.min(this.#limits.maxChainAdvance, this.#limits.maxSkippedKeys, 20));
    if (this.#letters[peer].filter(({ isRead }) => !isRead).length >= room || this.#ahead(state, peer) >= room) return;
    const text = this.#random.bytes(this.#random.spread(0, 200));
    const draw = (length: number) => this.#random.bytes(length);
    const step = encrypt(state, text, { random: draw, crypto: this.#crypto });
    this.#states[party] = step.state;
    wipe(...step.consumed);
    this.#letters[peer].push({ text, message: step.message, isRead: false });
    this.#seen.push(step.message);
    if (this.#seen.length > MESSAGES_KEPT) this.#seen.shift();
    this.#count("honest.sent");
  }

  /** Messages that the receiver has not seen the numbers of, in this chain, and in the one before. */
  #ahead(state: RatchetState, peer: Party): number {
    const { receivedCount, remoteKey, skippedKeys } = this.#states[peer];
    const isKnown = remoteKey !== undefined && isEqual(remoteKey, state.keyPair.publicKey);
    const missing = isKnown ? state.sentCount - receivedCount : state.sentCount + state.previousChainLength;
    return missing + skippedKeys.length;
  }

  #deliver(party: Party, letter: Letter): void {
    const result = this.#decrypt(this.#states[party], letter.message);
    if (letter.isRead) {
      if (result.kind !== "rejected") throw new Error("a message opened twice");
      this.#count("honest.repeated");
      return;
    }
    if (result.kind !== "opened" || !isEqual(result.plaintext, letter.text)) {
      throw new Error("an honest message within the bounds did not open");
    }
    this.#states[party] = result.state;
    wipe(...result.consumed);
    letter.isRead = true;
    this.#count("honest.opened");
  }

  #hostileStep(): void {
    const dice = this.#random.word() / 2 ** 32;
    if (dice < SIGNATURE_SHARE) this.#hostileSignature();
    else if (dice < KEM_SHARE) this.#hostileKem();
    else if (dice < KEY_SHARE) this.#hostileKeys();
    else if (dice < RECORD_SHARE) this.#hostileRecord();
    else if (dice < SNAPSHOT_SHARE) this.#hostileSnapshot();
    else this.#hostileMessage();
  }

  #hostileMessage(): void {
    const name = this.#random.pick(Object.keys(MESSAGE_MUTATIONS));
    const message = MESSAGE_MUTATIONS[name]?.(this.#random, this.#seen);
    if (message === undefined) return;
    this.#count(`message.${name}`);
    const party = this.#random.pick(["alice", "bob"] as const);
    const result = this.#decrypt(this.#states[party], message);
    // A mutation may give back an honest message. What it opens is forgotten, so the message still opens later.
    if (result.kind === "opened" && !this.#seen.some((honest) => isSame(honest, message))) {
      throw new Error(`a forged message opened: ${describe(message)}`);
    }
    this.#count(`message.${result.kind}`);
  }

  #hostileSnapshot(): void {
    if (this.#snapshots.length === 0 || this.#random.chance(0.02)) {
      this.#snapshots.push(encodeState(this.#states.alice), encodeState(this.#states.bob));
      if (this.#snapshots.length > 8) this.#snapshots.splice(0, 2);
    }
    const snapshot = hostileSnapshot(this.#random, this.#snapshots);
    const state = this.#timed(() => unless("INVALID_STATE", () => decodeState(snapshot)));
    this.#count(state ? "snapshot.read" : "snapshot.refused");
    if (state === undefined) return;
    if (!isEqual(encodeState(state), snapshot)) throw new Error(`a snapshot has two forms: ${hex(snapshot)}`);
    // Whatever was read can be gone on with, if only to be rejected.
    this.#decrypt(state, this.#random.pick(this.#seen));
    const draw = (length: number) => this.#random.bytes(length);
    const encrypting = () => encrypt(state, snapshot, { random: draw, crypto: this.#crypto });
    this.#timed(() => unless("CANNOT_SEND", () => unless("CHAIN_EXHAUSTED", encrypting)));
  }

  #hostileRecord(): void {
    this.#count(tryRecord(this.#random, (call) => this.#timed(() => unless("INVALID_STATE", call))));
  }

  #hostileKeys(): void {
    const key = hostileKey(this.#random, this.#random.pick(this.#seen).dh);
    const [identity, prekey, crypto] = [this.#identity, this.#prekey, this.#crypto];
    const agreement = this.#timed(() =>
      unless("INVALID_PUBLIC_KEY", () => diffieHellman(identity.secretKey, key, crypto)),
    );
    const keys = { identity, prekey, remoteIdentity: this.#identity.publicKey, remoteEphemeral: key };
    const shared = this.#timed(() => unless("INVALID_PUBLIC_KEY", () => agreeAsResponder(keys, crypto)));
    if ((agreement === undefined) !== (shared === undefined))
      throw new Error(`a key is taken and refused: ${hex(key)}`);
    if (agreement?.every((byte) => byte === 0)) throw new Error(`an agreement is zero, with ${hex(key)}`);
    this.#count(agreement ? "key.taken" : "key.refused");
  }

  /** Of a hybrid handshake: the invite's key, or the ciphertext of a first message. */
  #hostileKem(): void {
    const draw = (length: number) => this.#random.bytes(length);
    const [identity, prekey, crypto] = [this.#identity, this.#prekey, this.#crypto];
    if (this.#random.chance(0.5)) {
      const key = damaged(this.#random, kem.publicKey);
      const isValid = isValidKemPublicKey(key);
      const taken = this.#timed(() => unless("INVALID_PUBLIC_KEY", () => encapsulate(key, draw)));
      if (isValid !== (taken !== undefined)) throw new Error(`a KEM key is taken and refused: ${hex(key)}`);
      this.#count(isValid ? "kem.keyTaken" : "kem.keyRefused");
      return;
    }
    const kemCiphertext = this.#random.chance(0.5)
      ? damaged(this.#random, kemSealed.ciphertext)
      : this.#random.bytes(kemSealed.ciphertext.length);
    const keys = { identity, prekey, kem, kemCiphertext, remoteIdentity: identity.publicKey };
    const hybrid = { ...keys, remoteEphemeral: prekey.publicKey };
    const shared = this.#timed(() => unless("INVALID_OPTION", () => agreeHybridAsResponder(hybrid, crypto)));
    const isWhole = kemCiphertext.length === kemSealed.ciphertext.length;
    if (isWhole !== (shared?.length === 32)) throw new Error(`a KEM ciphertext: ${hex(kemCiphertext)}`);
    this.#count(isWhole ? "kem.ciphertextTaken" : "kem.ciphertextRefused");
  }

  #hostileSignature(): void {
    const { publicKey, secretKey } = this.#identity;
    const text = this.#random.bytes(this.#random.spread(0, 100));
    const signature = signXeddsa(secretKey, text, (length) => this.#random.bytes(length));
    const whole = new Uint8Array(Buffer.concat([publicKey, signature, text]));
    const forged = damaged(this.#random, whole);
    for (const signBit of ["zero", "libsignal"] as const) {
      const verify = (bytes: Uint8Array) =>
        this.#timed(() =>
          verifyXeddsa(bytes.slice(0, 32), bytes.slice(96), bytes.slice(32, 96), { signBit, crypto: this.#crypto }),
        );
      if (!verify(whole)) throw new Error("an honest signature is refused");
      if (!isEqual(forged, whole) && verify(forged)) throw new Error(`a forged signature is taken: ${hex(forged)}`);
    }
    this.#count("signature");
  }

  #decrypt(state: RatchetState, message: RatchetMessage) {
    const result = this.#timed(() =>
      decrypt(state, message, { nowMs: NOW_MS, limits: this.#limits, crypto: this.#crypto }),
    );
    if (result.kind === "opened") {
      // A damaged snapshot may hold more keys than the bound, until the first message opens.
      const { skippedKeys } = result.state;
      if (skippedKeys.length > this.#limits.maxSkippedKeys)
        throw new Error(`${skippedKeys.length} skipped keys are kept`);
      const size = encodeState(result.state).length;
      if (size > 1_000 + 65_535 + skippedKeys.length * SKIPPED_KEY_BYTES) throw new Error(`a state of ${size} bytes`);
    }
    return result;
  }

  #timed<Result>(call: () => Result): Result {
    const start = performance.now();
    const result = call();
    const elapsedMs = performance.now() - start;
    if (elapsedMs > CALL_LIMIT_MS) throw new Error(`a call took ${elapsedMs} ms`);
    this.slowestCallMs = Math.max(this.slowestCallMs, elapsedMs);
    return result;
  }

  #fingerprint(): string {
    return `${hex(encodeState(this.#states.alice))} ${hex(encodeState(this.#states.bob))}`;
  }

  #count(name: string): void {
    this.#counts[name] = (this.#counts[name] ?? 0) + 1;
  }
}

/** @returns undefined if `call` throws the package's error with this code; whatever else it throws is a finding */
function unless<Result>(code: string, call: () => Result): Result | undefined {
  try {
    return call();
  } catch (error) {
    if (typeof error === "object" && error !== null && "code" in error && error.code === code) return undefined;
    throw error;
  }
}

function isSame(a: RatchetMessage, b: RatchetMessage): boolean {
  const [{ dh, messageNumber, previousChainLength, ciphertext }, other] = [a, b];
  return (
    isEqual(dh, other.dh) &&
    messageNumber === other.messageNumber &&
    previousChainLength === other.previousChainLength &&
    isEqual(ciphertext, other.ciphertext)
  );
}

function describe({ dh, messageNumber, previousChainLength, ciphertext }: RatchetMessage): string {
  return `dh ${hex(dh)}, number ${messageNumber}, chain ${previousChainLength}, ciphertext ${hex(ciphertext)}`;
}
