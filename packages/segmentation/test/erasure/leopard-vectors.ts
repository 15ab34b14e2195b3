/**
 * Parity that the original made, and the data it made it of.
 * @module
 */
import { readFileSync } from "node:fs";

type Counts = { readonly k: number; readonly m: number; readonly bytes: number; readonly path: Path };
type Path = "copy" | "xor" | "ff8" | "ff16";
export type LeopardVector = Counts & { readonly n: number; readonly sha256: string; readonly parity: string[] };
export type LeopardDigest = Counts & { readonly n: number; readonly sha256: string; readonly first32: string };

/** Throws where the file is missing or empty. */
export function loadLeopardVectors(): { vectors: LeopardVector[]; digests: LeopardDigest[] } {
  const file = new URL("../../../../vectors/leopard.json", import.meta.url);
  const { vectors, digests } = JSON.parse(readFileSync(file, "utf8"));
  if (!(vectors?.length > 0 && digests?.length > 0)) throw new Error("vectors/leopard.json: want vectors and digests");
  return { vectors, digests };
}

/** Data shards of a vector. */
export function vectorShards({ k, bytes }: Counts): Uint8Array[] {
  return Array.from({ length: k }, (_, shard) =>
    Uint8Array.from({ length: bytes }, (_, index) => (index * 37 + shard * 101 + 11) & 255),
  );
}
