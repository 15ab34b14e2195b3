/**
 * The port to a place that keeps the key, such as the keychain of the operating system. It is asked last, when the file
 * is known to be free and one of ours: a keychain may show a dialogue.
 * @module
 */
import { randomBytes } from "node:crypto";
import { StoreError } from "@chat/store";
import { KEY_LENGTH } from "./sealer.ts";

export interface KeyProvider {
  /** The 32 bytes, which are the store's from then on and wiped; undefined if there are none yet. */
  get(): Promise<Uint8Array | undefined>;
  /**
   * Keeps new random bytes, for a database that is being created or changes to this provider, if `get` has none. Once it
   * resolves, `get` gives them, also after a restart. Without it, a provider must have the key beforehand.
   */
  set?(key: Uint8Array): Promise<void>;
}

export function isProvider(key: unknown): key is KeyProvider {
  return typeof key === "object" && key !== null && "get" in key && typeof key.get === "function";
}

/**
 * @param mayCreate - whether a new key is made if there is none
 * @throws {@link StoreError} `KEY_UNAVAILABLE` if the provider fails or gives no key, `WRONG_KEY` if it has another length
 */
export async function askProvider(
  provider: KeyProvider,
  { mayCreate }: { readonly mayCreate: boolean },
): Promise<Uint8Array> {
  const found = await asked("get", () => provider.get());
  if (found !== undefined) return checked(found);
  if (!mayCreate || provider.set === undefined) {
    throw new StoreError("KEY_UNAVAILABLE", "key: want 32 bytes from the provider, but it has none");
  }
  const key = new Uint8Array(randomBytes(KEY_LENGTH));
  await asked("set", async () => provider.set?.(Uint8Array.from(key)));
  // Read back: a key that only seems to be kept would lose the database at the next start.
  const kept = await asked("get", () => provider.get());
  if (kept === undefined || Buffer.compare(checked(kept), key) !== 0) {
    throw new StoreError("KEY_UNAVAILABLE", "key: want what was set back from the provider, got another value");
  }
  return key;
}

function checked(key: Uint8Array): Uint8Array {
  if (ArrayBuffer.isView(key) && key.length === KEY_LENGTH) return Uint8Array.from(key);
  throw new StoreError("WRONG_KEY", `key: want ${KEY_LENGTH} bytes from the provider, got another value`);
}

async function asked<Result>(method: string, ask: () => Promise<Result>): Promise<Result> {
  try {
    return await ask();
  } catch (error) {
    throw new StoreError("KEY_UNAVAILABLE", `key: want the provider's ${method}() to work, but it failed`, {
      cause: error,
    });
  }
}
