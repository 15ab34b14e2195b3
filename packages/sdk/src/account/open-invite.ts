/**
 * An invite as its maker sees it.
 * @module
 */
import type { OwnInvite } from "@chat/ratchet";

export type OpenInvite = {
  readonly id: string;
  /** Links of one invite may differ, and all of them work. */
  readonly link: string;
  readonly createdAt: Date;
  /** Absent: never. */
  readonly expiresAt?: Date;
  readonly isPostQuantum: boolean;
  readonly isMultiUse: boolean;
};

export function describeInvite({ id, createdAtMs, expiresAtMs, kem, use }: OwnInvite, link: string): OpenInvite {
  return {
    id,
    link,
    createdAt: new Date(createdAtMs),
    ...(expiresAtMs !== undefined && { expiresAt: new Date(expiresAtMs) }),
    isPostQuantum: kem !== undefined,
    isMultiUse: use === "multi",
  };
}
