/**
 * Parity that the original made, and the data it made it of.
 * @module
 */
import { readFileSync } from "node:fs";

type Counts = { readonly k: number; readonly m: number; readonly bytes: number };
type Common = Counts & {
  readonly path: "copy" | "xor" | "ff8" | "ff16";
  readonly n: number;
  /** Of all parity shards, one after the other. */
  readonly sha256: string;
};
export type LeopardVector = Common & { readonly parity: readonly string[] };
export type LeopardDigest = Common & { readonly first32: string };

/** Throws where the file is missing or empty. */
export function loadLeopardVectors(): { vectors: LeopardVector[]; digests: LeopardDigest[] } {
  const file = new URL("../../../../vectors/leopard.json", import.meta.url);
  const { vectors, digests } = JSON.parse(readFileSync(file, "utf8"));
  if (!(vectors?.length > 0 && digests?.length > 0)) throw new Error("vectors/leopard.json: want vectors and digests");
  return { vectors, digests };
}

/** Data shards of a vector: byte i of shard j is i × 37 + j × 101 + 11, of which 256 bytes repeat. */
export function vectorShards({ k, bytes }: Counts): Uint8Array[] {
  return Array.from({ length: k }, (_, shard) => {
    const data = new Uint8Array(bytes);
    for (let index = 0; index < Math.min(256, bytes); index++) data[index] = index * 37 + shard * 101 + 11;
    for (let done = 256; done < bytes; done *= 2) data.copyWithin(done, 0, done);
    return data;
  });
}

export function emptyShards(count: number, bytes: number): Uint8Array[] {
  return Array.from({ length: count }, () => new Uint8Array(bytes));
}
