/**
 * How a client is put together from its parts, and taken apart again.
 * @module
 */
import { CodecError, createContentRegistry, mailboxTopic, SUPPLIED_TYPES } from "@chat/codec";
import { createCrypto } from "@chat/ratchet";
import { openMemoryStore, type SearchSettings, type Store } from "@chat/store";
import { openDatabase } from "#open-database";
import { openAccount } from "./account/account.ts";
import { InviteBook } from "./account/invite-book.ts";
import { searchableText } from "./archive/archive.ts";
import { Eraser } from "./archive/eraser.ts";
import type { Context } from "./context.ts";
import type { DeliveryService, Subscription } from "./delivery/delivery-service.ts";
import { WakuDelivery } from "./delivery/waku-delivery.ts";
import { LiveMessages } from "./doctor/live-messages.ts";
import { ChatError } from "./errors.ts";
import type { Contents } from "./message.ts";
import { isDeliveryService } from "./network-options.ts";
import { Notifier } from "./notifier.ts";
import { Telemetry } from "./observability/telemetry.ts";
import type { ResolvedOptions } from "./options.ts";
import { Healer } from "./peers/healer.ts";
import { PeerBook } from "./peers/peer-book.ts";
import { Renewals } from "./peers/renewals.ts";
import { Tending } from "./peers/tending.ts";
import { RANDOM_SOURCE } from "./random-source.ts";
import { CatchUp } from "./receiving/catch-up.ts";
import { DiscardCounters } from "./receiving/discard-counters.ts";
import { IncomingTransfers } from "./receiving/incoming-transfers.ts";
import { TakenPosition } from "./receiving/message-stream.ts";
import { PartialSets } from "./receiving/partial-sets.ts";
import { Receiver } from "./receiving/receiver.ts";
import { Outbox } from "./sending/outbox.ts";
import { ProgressTeller } from "./sending/progress.ts";
import { Sender } from "./sending/sender.ts";
import { TransferBook } from "./sending/transfer-book.ts";
import { Transfers } from "./sending/transfers.ts";
import { WayOut } from "./sending/way-out.ts";
import { Serial } from "./serial.ts";
import { SessionBook } from "./sessions/session-book.ts";
import { Upkeep } from "./sessions/upkeep.ts";
import { IncomingSignals } from "./signals/incoming-signals.ts";
import { OutgoingSignals } from "./signals/outgoing-signals.ts";
import { PeerTyping } from "./signals/peer-typing.ts";

export type Parts = {
  readonly context: Context;
  readonly contents: Contents;
  readonly receiver: Receiver;
  readonly ownsDelivery: boolean;
  readonly taken: TakenPosition;
  readonly sender: Sender;
  readonly upkeep: Upkeep;
  readonly peers: { readonly healer: Healer; readonly renewals: Renewals; readonly tending: Tending };
  readonly catchUp: CatchUp;
  readonly eraser: Eraser;
  readonly subscription: Subscription;
  readonly telemetry: Telemetry;
  readonly mailbox: string;
  readonly live: LiveMessages;
  readonly life: {
    readonly outgoing: Transfers;
    readonly incoming: IncomingTransfers;
    readonly typing: PeerTyping;
    readonly progress: ProgressTeller;
    readonly signals: OutgoingSignals;
  };
};

/** Opens database and network, and starts to receive. What fails leaves nothing open. */
export async function openParts(options: ResolvedOptions, signal: AbortSignal | undefined): Promise<Parts> {
  const contents = openContents(options);
  signal?.throwIfAborted();
  const store = await openStore(options, contents);
  const closeOnFailure: (() => Promise<void>)[] = [() => store.close()];
  try {
    const { delivery, ownsDelivery } = await connect(options, signal);
    if (ownsDelivery) closeOnFailure.unshift(() => delivery.close());
    return { ...(await start(options, store, delivery)), contents, ownsDelivery };
  } catch (error) {
    for (const close of closeOnFailure) await close();
    throw error;
  }
}

/** Nothing new begins; resolves when what is under way is durable. Then {@link release}. */
export async function stop(parts: Parts): Promise<void> {
  const { context, upkeep, catchUp, subscription, eraser, peers, life } = parts;
  for (const part of [life.outgoing, life.typing, life.progress, life.signals]) part.close();
  upkeep.close();
  peers.renewals.close();
  peers.tending.close();
  eraser.close();
  await Promise.all([catchUp.close(), subscription.close(), context.outbox.close(), peers.healer.close()]);
  await context.serial.idle();
}

export async function release({ context, ownsDelivery, telemetry }: Parts): Promise<void> {
  telemetry.close();
  if (ownsDelivery) await context.delivery.close();
  await context.store.close();
}

async function openStore({ database, databaseKey, search }: ResolvedOptions, contents: Contents): Promise<Store> {
  const settings: SearchSettings | undefined = search
    ? { textOf: (record) => searchableText(record, contents) }
    : undefined;
  if (typeof database === "string") return openDatabase(database, databaseKey, settings);
  return database ?? openMemoryStore(settings && { search: settings });
}

async function connect(
  { network, connectTimeoutMs, whenUnreachable, clock }: ResolvedOptions,
  signal?: AbortSignal,
): Promise<{ delivery: DeliveryService; ownsDelivery: boolean }> {
  if (isDeliveryService(network)) return { delivery: network, ownsDelivery: false };
  const options = {
    ...network,
    connectTimeoutMs,
    whenUnreachable,
    clock,
    ...(signal && { signal }),
  };
  return { delivery: await WakuDelivery.connect(options), ownsDelivery: true };
}

async function start(
  {
    network,
    clock,
    acknowledgementDelayMs,
    rateLimit,
    requests,
    readReceipts,
    logger,
    [RANDOM_SOURCE]: source,
  }: ResolvedOptions,
  store: Store,
  delivery: DeliveryService,
): Promise<Omit<Parts, "contents" | "ownsDelivery">> {
  const random = source ?? createCrypto().random;
  const nowMs = clock.nowMs();
  const sessions = await SessionBook.load(store);
  const transfers = await TransferBook.load(store);
  const shared = { clock, random, store, delivery, sessions, transfers, notifier: new Notifier() };
  const serial = new Serial();
  const invites = await InviteBook.load(store, serial, nowMs);
  const context: Context = {
    ...shared,
    account: await openAccount(store, random, nowMs),
    outbox: await Outbox.open(shared, rateLimit),
    mailboxBits: isDeliveryService(network) ? 0 : network.mailboxBits,
    invites,
    peers: await PeerBook.load(store, sessions, nowMs),
    serial,
    discards: new DiscardCounters(),
  };
  const telemetry = new Telemetry(context, logger);
  // What an earlier process did not get to.
  for (const { incomingHandshake, conversationId } of sessions.all()) {
    if (incomingHandshake === undefined) continue;
    if (context.peers.mayAnswer(conversationId)) await invites.note(incomingHandshake, "answered", nowMs);
    if (incomingHandshake.isConfirmed) await invites.note(incomingHandshake, "confirmed", nowMs);
  }
  const taken = await TakenPosition.load(context);
  const partialSets = await PartialSets.load(store, random);
  const eraser = new Eraser(context, partialSets);
  await eraser.start();
  const way = new WayOut(context);
  const outgoing = new Transfers(context, way);
  const healer = new Healer(context, way, outgoing);
  await healer.start();
  const incoming = new IncomingTransfers(context, partialSets, way);
  const typing = new PeerTyping(context);
  const receiver = new Receiver(context, partialSets, new IncomingSignals(context, incoming, typing), requests);
  const progress = new ProgressTeller(context);
  const mailbox = mailboxTopic(context.account.keys.publicKey, context.mailboxBits);
  // First listen, then look back: nothing falls between.
  const live = new LiveMessages(clock);
  const subscription = await delivery.subscribe([mailbox], (message) => {
    void receiver.receive(message).then((isNews) => isNews && live.see(message));
  });
  const upkeep = new Upkeep(context, way, receiver.held, acknowledgementDelayMs);
  const catchUp = new CatchUp(context, receiver, mailbox, () => live.miss());
  upkeep.start();
  catchUp.start();
  outgoing.start();
  const sender = new Sender(context, way, outgoing);
  const signals = new OutgoingSignals(context, way, { meanDelayMs: acknowledgementDelayMs, readReceipts });
  const life = { outgoing, incoming, typing, progress, signals };
  const renewals = new Renewals(context, way);
  const tending = new Tending(context);
  renewals.start();
  tending.start();
  const peers = { healer, renewals, tending };
  return {
    context,
    receiver,
    taken,
    sender,
    upkeep,
    catchUp,
    eraser,
    subscription,
    telemetry,
    mailbox,
    live,
    peers,
    life,
  };
}

function openContents({ contentTypes }: ResolvedOptions): Contents {
  try {
    return createContentRegistry([...SUPPLIED_TYPES, ...contentTypes]);
  } catch (cause) {
    if (!(cause instanceof CodecError)) throw cause;
    throw new ChatError("INVALID_OPTION", `contentTypes: ${cause.message}`, { cause });
  }
}
