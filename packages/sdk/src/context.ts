/**
 * What the parts of one client share. @module
 */
import type { RandomBytes } from "@chat/ratchet";
import type { Store } from "@chat/store";
import type { Account } from "./account/account.ts";
import type { InviteBook } from "./account/invite-book.ts";
import type { Clock } from "./clock.ts";
import type { DeliveryService } from "./delivery/delivery-service.ts";
import type { Notifier } from "./notifier.ts";
import type { PeerBook } from "./peers/peer-book.ts";
import type { DiscardCounters } from "./receiving/discard-counters.ts";
import type { Outbox } from "./sending/outbox.ts";
import type { TransferBook } from "./sending/transfer-book.ts";
import type { Serial } from "./serial.ts";
import type { SessionBook } from "./sessions/session-book.ts";

export type Context = {
  readonly account: Account;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly store: Store;
  readonly delivery: DeliveryService;
  /** Leading bits of the mailbox bucket: the size of the anonymity set (protocol.md, "Mailboxes"). */
  readonly mailboxBits: number;
  readonly sessions: SessionBook;
  readonly invites: InviteBook;
  readonly peers: PeerBook;
  /** Keyed by conversation id: invariant 4. */
  readonly serial: Serial;
  readonly discards: DiscardCounters;
  readonly notifier: Notifier;
  readonly outbox: Outbox;
  readonly transfers: TransferBook;
};
