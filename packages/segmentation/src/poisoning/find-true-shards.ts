/** Which of several candidate shards are true. @module */
export function findTrueShards(_: {
  readonly dataCount: number;
  readonly parityCount: number;
  readonly shardSize: number;
  readonly candidates: ReadonlyMap<number, readonly Uint8Array[]>;
  readonly random: (length: number) => Uint8Array;
  readonly budget: { readonly attempts: number };
  readonly isWhole: (choice: ReadonlyMap<number, Uint8Array>) => boolean;
}): ReadonlyMap<number, Uint8Array> | undefined {
  return undefined;
}
