/**
 * Where a page of messages begins: the check of its options, the same for every store.
 * @module
 */
import { checkLimit } from "./check.ts";
import { StoreError } from "./errors.ts";
import type { MessagePosition, PageOptions } from "./queries.ts";

const PLACES = ["before", "after", "around"] as const;

/** `at` is a message id, or where a message stands or stood. */
export type PagePlace =
  | { readonly kind: "newest" }
  | { readonly kind: (typeof PLACES)[number]; readonly at: string | MessagePosition };

/** @throws {@link StoreError} `INVALID_OPTION` */
export function placeOfPage(options: PageOptions): PagePlace {
  checkLimit(options.limit);
  const [place, other] = PLACES.flatMap((kind) => {
    const at = options[kind];
    return at === undefined ? [] : [{ kind, at }];
  });
  if (other !== undefined) throw new StoreError("INVALID_OPTION", "page: want one place to begin, got more");
  if (place === undefined) return { kind: "newest" };
  if (typeof place.at !== "string" && !isPosition(place.at)) {
    throw new StoreError("INVALID_OPTION", `${place.kind}: want a message, its position or its id, got another value`);
  }
  return place;
}

/** How many messages of a page around one may be older than that. */
export function olderAround(limit: number): number {
  return Math.floor(limit / 2);
}

function isPosition({ lamport, id }: MessagePosition): boolean {
  return Number.isSafeInteger(lamport) && typeof id === "string";
}
