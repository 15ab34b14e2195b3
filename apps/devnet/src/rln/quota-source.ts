/**
 * A membership as the source of a rate limit manager's quota.
 * @module
 */
import type { MembershipFile } from "./files.ts";

/** Has the shape of `QuotaSource` of `@chat/ratelimit`, which is not needed here. */
export function rlnQuotaSource({ limit, epochSeconds }: Pick<MembershipFile, "limit" | "epochSeconds">) {
  const lengthMs = epochSeconds * 1_000;
  return {
    read(nowMs: number): { epoch: number; limit: number; endsAtMs: number } {
      const epoch = Math.max(0, Math.floor(nowMs / lengthMs));
      return { epoch, limit, endsAtMs: (epoch + 1) * lengthMs };
    },
  };
}
