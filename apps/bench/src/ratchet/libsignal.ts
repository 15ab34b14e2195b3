/**
 * @signalapp/libsignal-client: Rust as a native addon, with sessions in memory.
 * @module
 */
import {
  CiphertextMessageType,
  IdentityChange,
  IdentityKeyPair,
  IdentityKeyStore,
  KEMKeyPair,
  KyberPreKeyRecord,
  KyberPreKeyStore,
  PreKeyBundle,
  type PreKeyRecord,
  PreKeySignalMessage,
  PreKeyStore,
  PrivateKey,
  ProtocolAddress,
  type PublicKey,
  processPreKeyBundle,
  type SessionRecord,
  SessionStore,
  SignalMessage,
  SignedPreKeyRecord,
  SignedPreKeyStore,
  signalDecrypt,
  signalDecryptPreKey,
  signalEncrypt,
} from "@signalapp/libsignal-client";
import { BenchError } from "../errors.ts";
import { expectSame, type OpenDuo } from "./duo.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const SIGNED_PREKEY = 1;
const KYBER_PREKEY = 2;

/** One message has gone each way before it is measured, so that messages are of the ordinary kind. */
export const libsignal: OpenDuo = async (plaintext) => {
  const [alice, bob] = [new Person("alice"), new Person("bob")];
  const text = new Uint8Array(plaintext);
  await alice.start(bob);
  const pass = async (from: Person, to: Person) => expectSame(await to.open(await from.seal(text, to), from), text);
  await pass(alice, bob);
  await pass(bob, alice);
  return { pass: (turn) => (turn % 2 === 0 ? pass(alice, bob) : pass(bob, alice)) };
};

/** From a pre-key bundle to the first decrypted message. @returns milliseconds */
export async function libsignalHandshake(): Promise<number> {
  const [alice, bob] = [new Person("alice"), new Person("bob")];
  const text = new Uint8Array(100).fill(7);
  const bundle = bob.bundle();
  const startedAtMs = performance.now();
  await alice.start(bob, bundle);
  const opened = await bob.open(await alice.seal(text, bob), alice);
  const elapsedMs = performance.now() - startedAtMs;
  expectSame(opened, text);
  return elapsedMs;
}

type Sealed = { readonly type: number; readonly bytes: Bytes };

class Person {
  readonly address: ProtocolAddress;
  readonly #identity = new Identity();
  readonly #sessions = new Sessions();
  readonly #preKeys = new NoPreKeys();
  readonly #signed = new SignedPreKeys();
  readonly #kyber = new KyberPreKeys();

  constructor(name: string) {
    this.address = ProtocolAddress.new(name, 1);
  }

  bundle(): PreKeyBundle {
    const { privateKey, publicKey } = this.#identity.pair;
    const signed = this.#signed.make(privateKey);
    const kyber = this.#kyber.make(privateKey);
    return PreKeyBundle.new(
      1,
      1,
      null,
      null,
      SIGNED_PREKEY,
      signed.publicKey(),
      signed.signature(),
      publicKey,
      KYBER_PREKEY,
      kyber.publicKey(),
      kyber.signature(),
    );
  }

  start(peer: Person, bundle = peer.bundle()): Promise<void> {
    return processPreKeyBundle(bundle, peer.address, this.address, this.#sessions, this.#identity);
  }

  async seal(text: Bytes, to: Person): Promise<Sealed> {
    const message = await signalEncrypt(text, to.address, this.address, this.#sessions, this.#identity);
    return { type: message.type(), bytes: message.serialize() };
  }

  open({ type, bytes }: Sealed, from: Person): Promise<Uint8Array> {
    if (type === CiphertextMessageType.Whisper) {
      const message = SignalMessage.deserialize(bytes);
      return signalDecrypt(message, from.address, this.address, this.#sessions, this.#identity);
    }
    return signalDecryptPreKey(
      PreKeySignalMessage.deserialize(bytes),
      from.address,
      this.address,
      this.#sessions,
      this.#identity,
      this.#preKeys,
      this.#signed,
      this.#kyber,
    );
  }
}

class Identity extends IdentityKeyStore {
  readonly pair = IdentityKeyPair.generate();
  readonly #known = new Map<string, PublicKey>();

  async getIdentityKey(): Promise<PrivateKey> {
    return this.pair.privateKey;
  }
  async getLocalRegistrationId(): Promise<number> {
    return 1;
  }
  async saveIdentity(name: ProtocolAddress, key: PublicKey): Promise<IdentityChange> {
    this.#known.set(name.name(), key);
    return IdentityChange.NewOrUnchanged;
  }
  async isTrustedIdentity(): Promise<boolean> {
    return true;
  }
  async getIdentity(name: ProtocolAddress): Promise<PublicKey | null> {
    return this.#known.get(name.name()) ?? null;
  }
}

class Sessions extends SessionStore {
  #record: SessionRecord | undefined;

  async saveSession(_name: ProtocolAddress, record: SessionRecord): Promise<void> {
    this.#record = record;
  }
  async getSession(): Promise<SessionRecord | null> {
    return this.#record ?? null;
  }
  async getExistingSessions(): Promise<SessionRecord[]> {
    return this.#record ? [this.#record] : [];
  }
}

class NoPreKeys extends PreKeyStore {
  async savePreKey(): Promise<void> {}
  async getPreKey(): Promise<PreKeyRecord> {
    throw new BenchError("CASE_FAILED", "one-time keys: want none to be asked for, got one");
  }
  async removePreKey(): Promise<void> {}
}

class SignedPreKeys extends SignedPreKeyStore {
  #record: SignedPreKeyRecord | undefined;

  make(identity: PrivateKey): SignedPreKeyRecord {
    const key = PrivateKey.generate();
    const signature = identity.sign(key.getPublicKey().serialize());
    this.#record = SignedPreKeyRecord.new(SIGNED_PREKEY, Date.now(), key.getPublicKey(), key, signature);
    return this.#record;
  }
  async saveSignedPreKey(): Promise<void> {}
  async getSignedPreKey(): Promise<SignedPreKeyRecord> {
    if (this.#record) return this.#record;
    throw new BenchError("CASE_FAILED", "signed key: want one, got none");
  }
}

class KyberPreKeys extends KyberPreKeyStore {
  #record: KyberPreKeyRecord | undefined;

  make(identity: PrivateKey): KyberPreKeyRecord {
    const pair = KEMKeyPair.generate();
    const signature = identity.sign(pair.getPublicKey().serialize());
    this.#record = KyberPreKeyRecord.new(KYBER_PREKEY, Date.now(), pair, signature);
    return this.#record;
  }
  async saveKyberPreKey(): Promise<void> {}
  async getKyberPreKey(): Promise<KyberPreKeyRecord> {
    if (this.#record) return this.#record;
    throw new BenchError("CASE_FAILED", "Kyber key: want one, got none");
  }
  async markKyberPreKeyUsed(): Promise<void> {}
}
