/**
 * Keccak-256 of the runtime's own OpenSSL: Node 26 has it, Node 24 has not, browsers have not. Found at run time and
 * without an import, so that bundlers for browsers see nothing of it.
 * @module
 */
import { toHex } from "../hex.ts";
import type { OpenSponge } from "./sponge.ts";

/** The part of `node:crypto` that is used. */
type NodeCrypto = {
  createHash(algorithm: string): { update(bytes: Uint8Array): unknown; digest(): Uint8Array };
};
type NodeLike = { process?: { getBuiltinModule?(name: string): unknown } };

/** What nothing hashes to. SHA3-256, which some libraries mean when they say Keccak, begins with a7ff. */
const EMPTY_DIGEST = "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470";

/** @returns undefined where the runtime has no Keccak-256, or calls something else by its name */
export function findNative(): OpenSponge | undefined {
  try {
    const crypto = (globalThis as NodeLike).process?.getBuiltinModule?.("node:crypto") as NodeCrypto | undefined;
    if (crypto === undefined) return undefined;
    const open = () => {
      const hash = crypto.createHash("keccak-256");
      return {
        update: (bytes: Uint8Array) => void hash.update(bytes),
        digest: () => Uint8Array.from(hash.digest()), // not a Buffer
      };
    };
    return toHex(open().digest()) === EMPTY_DIGEST ? open : undefined;
  } catch {
    return undefined; // createHash throws for a name it does not know
  }
}
