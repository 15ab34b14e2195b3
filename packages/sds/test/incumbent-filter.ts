/** The Bloom filter of `@waku/sds`, which does not export the one that its channels use. */
import { MessageChannel } from "@waku/sds";
import type { BloomFilterOptions } from "../src/index.ts";

type IncumbentFilter = { insert(id: string): void; lookup(id: string): boolean; toBytes(): Uint8Array };
type IncumbentFilterClass = new (options: BloomFilterOptions) => IncumbentFilter;

const FILTER: object = Reflect.get(new MessageChannel("channel", "participant"), "filter");
const FILTER_CLASS: IncumbentFilterClass = Reflect.get(FILTER, "constructor");

export function incumbentFilter(options: BloomFilterOptions, ids: readonly string[]): IncumbentFilter {
  const filter = new FILTER_CLASS(options);
  for (const id of ids) filter.insert(id);
  return filter;
}
