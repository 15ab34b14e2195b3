/**
 * @matrix-org/olm: C++ as WebAssembly.
 * @module
 */
import Olm from "@matrix-org/olm";
import type { OpenDuo } from "./duo.ts";

/** What is used of it; a message is base64 with a type of its own. */
type OlmModule = {
  init(options?: { locateFile(): string }): Promise<void>;
  Account: new () => OlmAccount;
  Session: new () => OlmSession;
};
type OlmAccount = {
  create(): void;
  generate_one_time_keys(count: number): void;
  identity_keys(): string;
  one_time_keys(): string;
};
type OlmMessage = { readonly type: number; readonly body: string };
type OlmSession = {
  create_outbound(account: OlmAccount, identityKey: string, oneTimeKey: string): void;
  create_inbound(account: OlmAccount, body: string): void;
  encrypt(text: string): OlmMessage;
  decrypt(type: number, body: string): string;
};

const olm: OlmModule = Olm;

/** @param wasm - where a page finds the package's `olm.wasm`; Node finds it itself */
export function openOlm(wasm?: string): OpenDuo {
  return async (plaintext) => {
    await olm.init(wasm === undefined ? undefined : { locateFile: () => wasm });
    const text = String.fromCharCode(...plaintext.map((byte) => 0x20 + (byte % 95))); // its plaintexts are strings
    const [alice, bob] = [new olm.Account(), new olm.Account()];
    alice.create();
    bob.create();
    bob.generate_one_time_keys(1);
    const { curve25519: identityKey } = JSON.parse(bob.identity_keys());
    const [oneTimeKey] = Object.values<string>(JSON.parse(bob.one_time_keys()).curve25519);
    const hers = new olm.Session();
    hers.create_outbound(alice, identityKey, oneTimeKey ?? "");
    const first = hers.encrypt(text);
    const his = new olm.Session();
    his.create_inbound(bob, first.body);
    his.decrypt(first.type, first.body);
    const pass = (from: OlmSession, to: OlmSession): void => {
      const { type, body } = from.encrypt(text);
      if (to.decrypt(type, body) !== text) throw new Error("decrypted: want the plaintext, got something else");
    };
    pass(his, hers);
    return { pass: (turn) => (turn % 2 === 0 ? pass(hers, his) : pass(his, hers)) };
  };
}
