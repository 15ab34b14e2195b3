/**
 * The chat client: one account, one database, one network.
 * It only wires; each stage of a message's way has a file of its own (`docs/architecture.md` has the map).
 * @module
 */
import {
  CodecError,
  createContentRegistry,
  decodeContentFrame,
  isUnsupported,
  mailboxTopic,
  type SafetyNumber,
  SUPPLIED_TYPES,
  type Content as SuppliedContent,
  safetyNumber,
} from "@chat/codec";
import { createCrypto, isLiveInvite } from "@chat/ratchet";
import type { Quota } from "@chat/ratelimit";
import { type MessageRecord, openMemoryStore, type Store } from "@chat/store";
import { openDatabase } from "#open-database";
import { openAccount } from "./account/account.ts";
import { InviteBook } from "./account/invite-book.ts";
import { linkOf, readLink } from "./account/invite-link.ts";
import { describeInvite, type OpenInvite } from "./account/open-invite.ts";
import { equalBytes } from "./bytes.ts";
import type { Context } from "./context.ts";
import {
  Conversation,
  type ConversationOperations,
  type HistoryOptions,
  type SendOptions,
  SentMessage,
} from "./conversation.ts";
import type { DeliveryService, HealthStatus, Subscription } from "./delivery/delivery-service.ts";
import { WakuDelivery } from "./delivery/waku-delivery.ts";
import { examine } from "./doctor/examine.ts";
import { LiveMessages } from "./doctor/live-messages.ts";
import type { DoctorReport } from "./doctor/report.ts";
import { ChatError } from "./errors.ts";
import { type ChatEvent, EventHub } from "./events.ts";
import { type Content, type Contents, type IncomingMessage, type Message, toMessage } from "./message.ts";
import { NETWORK_PRESETS } from "./network-presets.ts";
import { type DurableChange, Notifier } from "./notifier.ts";
import { Telemetry } from "./observability/telemetry.ts";
import { type ChatClientOptions, isWakuNetwork, type ResolvedOptions, resolveOptions } from "./options.ts";
import { RANDOM_SOURCE } from "./random-source.ts";
import { CatchUp } from "./receiving/catch-up.ts";
import { DiscardCounters, type DiscardReason } from "./receiving/discard-counters.ts";
import { type MessageStreamOptions, streamIncoming, TakenPosition } from "./receiving/message-stream.ts";
import { PartialSets } from "./receiving/partial-sets.ts";
import { Receiver } from "./receiving/receiver.ts";
import { Outbox } from "./sending/outbox.ts";
import { defaultPriority, Sender } from "./sending/sender.ts";
import { outgoingMessage, type WaitOptions, waitForStatus } from "./sending/status-wait.ts";
import { Serial } from "./serial.ts";
import { SessionBook } from "./sessions/session-book.ts";
import { Upkeep } from "./sessions/upkeep.ts";

export interface InviteOptions extends WaitOptions {
  /** The link stops working after this time. @default never, until somebody used it */
  readonly expiresInMs?: number;
  /**
   * Protects what is said against whoever records it now and has a quantum computer later (ML-KEM-768 beside X25519). The
   * link has 1,780 characters instead of 197. @default false
   */
  readonly postQuantum?: boolean;
}

type Parts = {
  readonly context: Context;
  readonly contents: Contents;
  readonly receiver: Receiver;
  readonly ownsDelivery: boolean;
  readonly taken: TakenPosition;
  readonly sender: Sender;
  readonly upkeep: Upkeep;
  readonly catchUp: CatchUp;
  readonly subscription: Subscription;
  readonly telemetry: Telemetry;
  readonly mailbox: string;
  readonly live: LiveMessages;
};

export class ChatClient implements AsyncDisposable {
  readonly #parts: Parts;
  readonly #events = new EventHub();
  readonly #closing = new AbortController();
  readonly #stopObserving: () => void;
  readonly #operations: ConversationOperations;
  #eventTurn: Promise<void> = Promise.resolve();
  #closed: Promise<void> | undefined;

  private constructor(parts: Parts) {
    this.#parts = parts;
    const { notifier, delivery, outbox } = parts.context;
    const stopNotifier = notifier.observe((change) => this.#publishEvent(change));
    const stopHealth = delivery.onHealthChange((health) => this.#events.emit({ type: "connection", health }));
    let known = outbox.quota;
    const stopQuota = outbox.onQuota((quota) => {
      const isNews = quota.epoch !== known.epoch || quota.total !== known.total || quota.level !== known.level;
      known = quota;
      if (isNews) this.#events.emit({ type: "quota", quota });
    });
    this.#stopObserving = () => {
      stopQuota();
      stopNotifier();
      stopHealth();
    };
    this.#operations = {
      send: (conversation, content, options) => this.#send(conversation, content, options),
      history: (conversation, options) => this.#history(conversation, options),
      statusOf: (id) => this.#statusOf(id),
      safetyNumber: (conversation) => this.#safetyNumber(conversation),
      waiting: (id) => {
        this.#checkOpen();
        return outbox.waiting(id);
      },
      waitFor: (id, wanted, options) => {
        this.#checkOpen();
        return waitForStatus(parts.context, id, wanted, options, this.#closing.signal);
      },
    };
  }

  /**
   * Opens the database (and makes an account in a new one), connects, and starts to receive.
   *
   * @throws {@link ChatError} `INVALID_OPTION`, `PEER_UNREACHABLE`; `StoreError` `STORE_LOCKED`, `WRONG_KEY`,
   *   `CORRUPT`, `SCHEMA_TOO_NEW`, `IO`; the signal's reason
   */
  static async create(options: ChatClientOptions, { signal }: WaitOptions = {}): Promise<ChatClient> {
    const resolved = resolveOptions(options);
    const contents = openContents(resolved);
    signal?.throwIfAborted();
    const { database, databaseKey } = resolved;
    const store =
      typeof database === "string" ? await openDatabase(database, databaseKey) : (database ?? openMemoryStore());
    const closeOnFailure: (() => Promise<void>)[] = [() => store.close()];
    try {
      const { delivery, ownsDelivery } = await connect(resolved, signal);
      if (ownsDelivery) closeOnFailure.unshift(() => delivery.close());
      return new ChatClient({ ...(await start(resolved, store, delivery, ownsDelivery)), contents });
    } catch (error) {
      for (const close of closeOnFailure) await close();
      throw error;
    }
  }

  /** Fingerprint of this account's key. Two people compare theirs to be sure of each other. */
  get accountId(): string {
    return this.#parts.context.account.id;
  }

  get health(): HealthStatus {
    return this.#parts.context.delivery.health;
  }

  /** What the network lets this client publish in this epoch, and how much of that is used. */
  get quota(): Quota {
    return this.#parts.context.outbox.quota;
  }

  /** What came from the network and could not be used, by reason, since the client was made. */
  get discarded(): Readonly<Partial<Record<DiscardReason, number>>> {
    return this.#parts.context.discards.snapshot();
  }

  /**
   * A link that lets one person write to this account, also while it is offline. Share it over any channel.
   * @throws {@link ChatError} `TOO_MANY_INVITES`, `INVALID_OPTION`, `CLOSED`
   */
  async createInvite({ expiresInMs, postQuantum = false, signal }: InviteOptions = {}): Promise<string> {
    this.#checkOpen();
    signal?.throwIfAborted();
    if (expiresInMs !== undefined && !(expiresInMs > 0 && Number.isSafeInteger(expiresInMs))) {
      throw new ChatError("INVALID_OPTION", `expiresInMs: want a whole number > 0, got ${expiresInMs}`);
    }
    const { invites, account, random, clock } = this.#parts.context;
    const expiry = expiresInMs !== undefined && { expiresInMs };
    const invite = await invites.create({ nowMs: clock.nowMs(), random, hybrid: postQuantum, ...expiry });
    return linkOf(invite, account, random);
  }

  /** The links that still wait to be used, oldest first. */
  async invites(): Promise<OpenInvite[]> {
    this.#checkOpen();
    const { invites, account, random, clock } = this.#parts.context;
    const nowMs = clock.nowMs();
    return [...invites.all.values()]
      .filter((invite) => isLiveInvite(invite, nowMs))
      .map((invite) => {
        return describeInvite(invite, linkOf(invite, account, random));
      });
  }

  /**
   * Nobody new can use the link from then on. A conversation that began with it goes on.
   *
   * @param id - of {@link invites}
   * @throws {@link ChatError} `NOT_FOUND` for a link that does not wait to be used, `CLOSED`
   */
  async revokeInvite(id: string): Promise<void> {
    this.#checkOpen();
    const { invites, clock } = this.#parts.context;
    const nowMs = clock.nowMs();
    const invite = invites.all.get(id);
    if (invite === undefined || !isLiveInvite(invite, nowMs)) {
      throw new ChatError(
        "NOT_FOUND",
        "no such invite waits to be used; it was used, has expired, or was revoked before",
      );
    }
    await invites.revoke(id, nowMs);
  }

  /**
   * Opens a conversation from somebody's invite and writes the first message. Resolves once both are durable here;
   * the other side may be offline.
   *
   * @param invite - the link, alone or as the fragment of a URL
   * @throws {@link ChatError} `INVALID_INVITE`, `OWN_INVITE`, `MESSAGE_TOO_LARGE`, `OUTBOX_FULL`, `CLOSED`
   */
  async accept(invite: string, content?: Content, { signal, priority }: SendOptions = {}): Promise<Conversation> {
    this.#checkOpen();
    signal?.throwIfAborted();
    const theirs = readLink(invite);
    if (equalBytes(theirs.identity, this.#parts.context.account.keys.publicKey)) {
      throw new ChatError(
        "OWN_INVITE",
        "this invite was made by this account; send it to the person you want to talk to",
      );
    }
    const supplied = content && this.#supplied(content);
    const outgoing = supplied && { content: supplied, priority: priority ?? defaultPriority(supplied) };
    return this.#conversation(await this.#parts.sender.accept(theirs, outgoing));
  }

  /** In the order in which they began. */
  async conversations(): Promise<Conversation[]> {
    this.#checkOpen();
    const records = await this.#parts.context.store.messages.conversations();
    return records.map(({ id }) => this.#conversation(id));
  }

  /** A message sent earlier, for example before a restart. @throws {@link ChatError} `NOT_FOUND`, `CLOSED` */
  async sentMessage(id: string): Promise<SentMessage> {
    this.#checkOpen();
    const { conversationId } = await outgoingMessage(this.#parts.context, id);
    return new SentMessage(this.#operations, this.#conversation(conversationId), id);
  }

  /**
   * Every incoming message once, those that arrived while nobody was reading first. Ends on `signal` and on `close`.
   * A message counts as taken when the loop asks for the next one, or is left.
   */
  async *messages(options: MessageStreamOptions = {}): AsyncGenerator<IncomingMessage, void, undefined> {
    this.#checkOpen();
    const { context, taken } = this.#parts;
    for await (const record of streamIncoming(context, taken, options, this.#closing.signal)) {
      const message = this.#message(record);
      if (message.direction === "incoming") yield message;
    }
  }

  /** Everything that happens from now on, in order. Ends on `signal` and on `close`. Ignore types you do not know. */
  events({ signal }: WaitOptions = {}): AsyncIterableIterator<ChatEvent> {
    this.#checkOpen();
    return this.#events.read(signal);
  }

  /**
   * Looks at database, keys, clock, connection, history, subscription, quota, and what was discarded, and says what is
   * wrong. The report holds no secret. @throws {@link ChatError} `CLOSED`
   */
  doctor(): Promise<DoctorReport> {
    this.#checkOpen();
    return examine(this.#parts);
  }

  /** Stops, makes everything durable, and releases database and network. Idempotent; the process can then exit. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    const { context, receiver, ownsDelivery, subscription, catchUp, upkeep, telemetry } = this.#parts;
    this.#closing.abort();
    upkeep.close();
    receiver.close();
    await Promise.all([catchUp.close(), subscription.close(), context.outbox.close()]);
    await context.serial.idle();
    await this.#eventTurn;
    this.#stopObserving();
    telemetry.close();
    this.#events.close();
    if (ownsDelivery) await context.delivery.close();
    await context.store.close();
  }

  async #send(conversation: Conversation, content: Content, { signal, priority }: SendOptions): Promise<SentMessage> {
    this.#checkOpen();
    signal?.throwIfAborted();
    const supplied = this.#supplied(content);
    const id = await this.#parts.sender.send(conversation.id, {
      content: supplied,
      priority: priority ?? defaultPriority(supplied),
    });
    return new SentMessage(this.#operations, conversation, id);
  }

  async #history(conversation: Conversation, { limit = 50, before }: HistoryOptions): Promise<Message[]> {
    this.#checkOpen();
    const { messages } = this.#parts.context.store;
    const page = await messages.page(conversation.id, { limit, ...(before !== undefined && { before }) });
    return page.map((record) => this.#message(record));
  }

  #safetyNumber({ id }: Conversation): SafetyNumber {
    this.#checkOpen();
    const { account, sessions } = this.#parts.context;
    const session = sessions.all().find(({ conversationId }) => conversationId === id);
    if (session === undefined) throw new ChatError("NOT_FOUND", `no session in conversation ${id}`);
    return safetyNumber(account.keys.publicKey, session.peerKey);
  }

  async #statusOf(id: string) {
    this.#checkOpen();
    return (await outgoingMessage(this.#parts.context, id)).status;
  }

  /** Events keep the order of the changes, although a message has to be read from the store first. */
  #publishEvent(change: DurableChange): void {
    if (isInternal(change) || !this.#events.hasReaders) return;
    this.#eventTurn = this.#eventTurn.then(async () => {
      const event = await this.#toEvent(change);
      if (event !== undefined) this.#events.emit(event);
    });
  }

  async #toEvent(change: Exclude<DurableChange, InternalChange>): Promise<ChatEvent | undefined> {
    const { kind, ...fields } = change;
    if (change.kind !== "incoming") return { type: kind, ...fields } as ChatEvent;
    const record = await this.#parts.context.store.messages.message(change.messageId);
    const message = record && this.#message(record);
    return message?.direction === "incoming" ? { type: "message", message } : undefined;
  }

  #message(record: MessageRecord): Message {
    return toMessage(record, this.#conversation(record.conversationId), this.#parts.contents);
  }

  /** Content of the application's own types as those who do not know them see it: its frame is the same. */
  #supplied(content: Content): SuppliedContent {
    return isSupplied(content) ? content : decodeContentFrame(this.#parts.contents.encode(content));
  }

  #conversation(id: string): Conversation {
    return new Conversation(this.#operations, id, id);
  }

  #checkOpen(): void {
    if (this.#closed !== undefined)
      throw new ChatError("CLOSED", "the client was closed; make another one with ChatClient.create");
  }
}

type InternalChange = Extract<DurableChange, { kind: "early" | "session" | "retransmitted" }>;

function isInternal(change: DurableChange): change is InternalChange {
  return change.kind === "early" || change.kind === "session" || change.kind === "retransmitted";
}

async function connect({ network, connectTimeoutMs, whenUnreachable, clock }: ResolvedOptions, signal?: AbortSignal) {
  if (!isWakuNetwork(network)) return { delivery: network, ownsDelivery: false };
  const { clusterId, shards } = NETWORK_PRESETS[network.preset ?? "devnet"];
  const options = {
    clusterId,
    shards,
    ...network,
    connectTimeoutMs,
    whenUnreachable,
    clock,
    ...(signal && { signal }),
  };
  return { delivery: await WakuDelivery.connect(options), ownsDelivery: true };
}

async function start(
  { network, clock, acknowledgementDelayMs, rateLimit, logger, [RANDOM_SOURCE]: source }: ResolvedOptions,
  store: Store,
  delivery: DeliveryService,
  ownsDelivery: boolean,
): Promise<Omit<Parts, "contents">> {
  const random = source ?? createCrypto().random;
  const nowMs = clock.nowMs();
  const shared = { clock, random, store, delivery, sessions: await SessionBook.load(store), notifier: new Notifier() };
  const serial = new Serial();
  const invites = await InviteBook.load(store, serial, nowMs);
  const context: Context = {
    ...shared,
    account: await openAccount(store, random, nowMs),
    outbox: await Outbox.open(shared, rateLimit),
    mailboxBits: isWakuNetwork(network) ? (network.mailboxBits ?? 0) : 0,
    invites,
    serial,
    discards: new DiscardCounters(),
  };
  const telemetry = new Telemetry(context, logger);
  // What an earlier process did not get to.
  for (const { incomingHandshake } of shared.sessions.all()) {
    if (incomingHandshake?.isConfirmed) await invites.note(incomingHandshake, "confirmed", nowMs);
  }
  const taken = await TakenPosition.load(context);
  const receiver = new Receiver(context, await PartialSets.load(store, random));
  const mailbox = mailboxTopic(context.account.keys.publicKey, context.mailboxBits);
  // First listen, then look back: nothing falls between.
  const live = new LiveMessages(clock);
  const subscription = await delivery.subscribe([mailbox], (message) => {
    void receiver.receive(message).then((isNews) => isNews && live.see(message));
  });
  const upkeep = new Upkeep(context, acknowledgementDelayMs);
  const catchUp = new CatchUp(context, receiver, mailbox, () => live.miss());
  upkeep.start();
  catchUp.start();
  const sender = new Sender(context);
  return { context, receiver, ownsDelivery, taken, sender, upkeep, catchUp, subscription, telemetry, mailbox, live };
}

function isSupplied(content: Content): content is SuppliedContent {
  return isUnsupported(content) || SUPPLIED_TYPES.some(({ kind }) => kind === content.kind);
}

function openContents({ contentTypes }: ResolvedOptions): Contents {
  try {
    return createContentRegistry([...SUPPLIED_TYPES, ...contentTypes]);
  } catch (cause) {
    if (!(cause instanceof CodecError)) throw cause;
    throw new ChatError("INVALID_OPTION", `contentTypes: ${cause.message}`, { cause });
  }
}
