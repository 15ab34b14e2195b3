/**
 * The chat client: one account, one database, one network.
 * It only wires; each stage of a message's way has a file of its own (`docs/architecture.md` has the map).
 * @module
 */
import {
  decodeContentFrame,
  isUnsupported,
  type SafetyNumber,
  SUPPLIED_TYPES,
  type Content as SuppliedContent,
  safetyNumber,
} from "@chat/codec";
import { isLiveInvite } from "@chat/ratchet";
import type { Quota } from "@chat/ratelimit";
import type { MessageRecord, StatusChange, StoreStatistics } from "@chat/store";
import { linkOf, readLink } from "./account/invite-link.ts";
import { describeInvite, type OpenInvite } from "./account/open-invite.ts";
import { Archive, type ConversationOverview, type FindOptions, type OverviewOptions } from "./archive/archive.ts";
import { conversationHealth } from "./archive/conversation-health.ts";
import type { Eraser } from "./archive/eraser.ts";
import { equalBytes } from "./bytes.ts";
import { Conversation, type ConversationOperations, type SendOptions } from "./conversation.ts";
import type { HealthStatus, ServiceNodeStatus } from "./delivery/delivery-service.ts";
import { examine } from "./doctor/examine.ts";
import type { DoctorReport } from "./doctor/report.ts";
import { ChatError, invalid } from "./errors.ts";
import { type ChatEvent, EventHub, eventsOf } from "./events.ts";
import { lifeOperations } from "./life-operations.ts";
import { type Content, type IncomingMessage, type Message, toMessage } from "./message.ts";
import type { DurableChange } from "./notifier.ts";
import { type ChatClientOptions, resolveOptions } from "./options.ts";
import { openParts, type Parts, release, stop } from "./parts.ts";
import type { Standing } from "./peers/peer-file.ts";
import { acceptPeer, blockPeer } from "./peers/requests.ts";
import type { DiscardReason } from "./receiving/discard-counters.ts";
import { type MessageStreamOptions, streamIncoming } from "./receiving/message-stream.ts";
import { defaultPriority } from "./sending/default-priority.ts";
import { followStatuses, type StatusChangeOptions } from "./sending/status-changes.ts";
import { outgoingMessage, type WaitOptions } from "./sending/status-wait.ts";
import { SentMessage } from "./sent-message.ts";

export interface InviteOptions extends WaitOptions {
  /** The link stops working after this time. @default never, until somebody used it */
  readonly expiresInMs?: number;
  /**
   * Any number of people may use the link, up to 20 that nobody has accepted yet. What they begin are requests, unless the
   * option `requests` says otherwise. Without `expiresInMs` it works for 30 days. @default false: one person
   */
  readonly multiUse?: boolean;
  /**
   * Protects what is said against whoever records it now and has a quantum computer later (ML-KEM-768 beside X25519). The
   * link has 1,780 characters instead of 197. @default false
   */
  readonly postQuantum?: boolean;
}

export class ChatClient implements AsyncDisposable {
  readonly #parts: Parts;
  readonly #events = new EventHub();
  readonly #closing = new AbortController();
  readonly #stopObserving: () => void;
  readonly #operations: ConversationOperations;
  readonly #openArchive: Archive;
  #eventTurn: Promise<void> = Promise.resolve();
  #closed: Promise<void> | undefined;

  private constructor(parts: Parts) {
    this.#parts = parts;
    this.#openArchive = new Archive(parts.context, {
      toMessage: (record) => this.#message(record),
      toConversation: (id) => this.#conversation(id),
      standingOf: (id) => parts.context.peers.get(id)?.standing ?? "open",
    });
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
      history: async (conversation, options) => this.#archive.history(conversation, options),
      ...lifeOperations(parts, this.#closing.signal, () => this.#checkOpen()),
      events: ({ id }, { signal }) => {
        this.#checkOpen();
        return eventsOf(this.#events.read(signal), id);
      },
      deleteMessage: async ({ id }, messageId) => {
        this.#checkOpen();
        await parts.life.outgoing.cancel(messageId); // or the other side would keep what it has of it
        await this.#eraser.deleteMessage(id, messageId);
      },
      setExpiry: async (messageId, at) => this.#eraser.setExpiry(messageId, at.getTime()),
      delete: async ({ id }) => this.#eraser.deleteConversation(id),
      standing: ({ id }) => this.#standing(id),
      health: async ({ id }) => {
        this.#checkOpen();
        return conversationHealth(parts.context, id);
      },
      setStanding: ({ id }, standing) => this.#setStanding(id, standing),
      safetyNumber: (conversation) => this.#safetyNumber(conversation),
    };
  }

  /**
   * Opens the database (and makes an account in a new one), connects, and starts to receive.
   *
   * @throws {@link ChatError} `INVALID_OPTION`, `PEER_UNREACHABLE`; `StoreError` `STORE_LOCKED`, `WRONG_KEY`,
   *   `CORRUPT`, `SCHEMA_TOO_NEW`, `IO`; the signal's reason
   */
  static async create(options: ChatClientOptions, { signal }: WaitOptions = {}): Promise<ChatClient> {
    return new ChatClient(await openParts(resolveOptions(options), signal));
  }

  /** Fingerprint of this account's key. Two people compare theirs to be sure of each other. */
  get accountId(): string {
    return this.#parts.context.account.id;
  }

  get health(): HealthStatus {
    return this.#parts.context.delivery.health;
  }

  /** Each service node that is known; none on a network of your own, unless it tells. */
  get serviceNodes(): readonly ServiceNodeStatus[] {
    return this.#parts.context.delivery.serviceNodes ?? [];
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
   * A link that lets one person, or many, write to this account, also while it is offline. Share it over any channel.
   * @throws {@link ChatError} `TOO_MANY_INVITES`, `INVALID_OPTION`, `CLOSED`
   */
  async createInvite(options: InviteOptions = {}): Promise<string> {
    const { expiresInMs, multiUse = false, postQuantum = false, signal } = options;
    this.#checkOpen();
    signal?.throwIfAborted();
    if (expiresInMs !== undefined && !(expiresInMs > 0 && Number.isSafeInteger(expiresInMs))) {
      throw new ChatError("INVALID_OPTION", `expiresInMs: want a whole number > 0, got ${expiresInMs}`);
    }
    const { invites, account, random, clock } = this.#parts.context;
    const expiry = expiresInMs !== undefined && { expiresInMs };
    const invite = await invites.create({
      nowMs: clock.nowMs(),
      random,
      hybrid: postQuantum,
      use: multiUse ? "multi" : "single",
      ...expiry,
    });
    return linkOf(invite, account, random);
  }

  /** The links that still wait to be used, oldest first. */
  async invites(): Promise<OpenInvite[]> {
    this.#checkOpen();
    const { invites, account, random, clock } = this.#parts.context;
    const nowMs = clock.nowMs();
    return (
      [...invites.all.values()]
        // Not those that peers have of us in their sessions.
        .filter((invite) => invite.peer === undefined && isLiveInvite(invite, nowMs))
        .map((invite) => {
          return describeInvite(invite, linkOf(invite, account, random));
        })
    );
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
    if (invite === undefined || invite.peer !== undefined || !isLiveInvite(invite, nowMs)) {
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
  async accept(invite: string, content?: Content, { signal, priority, key }: SendOptions = {}): Promise<Conversation> {
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
    const outgoing = supplied && { content: supplied, priority: priority ?? defaultPriority(supplied), ...keyOf(key) };
    return this.#conversation(await this.#parts.sender.accept(theirs, outgoing));
  }

  /** In the order in which they began. */
  async conversations(): Promise<Conversation[]> {
    this.#checkOpen();
    const records = await this.#parts.context.store.messages.conversations();
    return records.map(({ id }) => this.#conversation(id));
  }

  /** One of {@link conversations}, by its id. @throws {@link ChatError} `NOT_FOUND`, `CLOSED` */
  async conversation(id: string): Promise<Conversation> {
    this.#checkOpen();
    if ((await this.#parts.context.store.messages.conversation(id)) !== undefined) return this.#conversation(id);
    throw new ChatError("NOT_FOUND", "no such conversation in this database");
  }

  /** Any message, of either direction. @throws {@link ChatError} `NOT_FOUND`, `CLOSED` */
  async message(id: string): Promise<Message> {
    this.#checkOpen();
    const record = await this.#parts.context.store.messages.message(id);
    if (record !== undefined) return this.#message(record);
    throw new ChatError("NOT_FOUND", `no message ${id} in this database`);
  }

  /** Conversations as a list shows them: newest activity first, with the last message and how many are unread. */
  async overview(options: OverviewOptions = {}): Promise<ConversationOverview[]> {
    return this.#archive.overview(options);
  }

  /**
   * Messages by text, status or type, newest first; exactly one of the three.
   *
   * @throws {@link ChatError} `INVALID_OPTION`, `CLOSED`; `StoreError` `INVALID_OPTION` for `text` without `search: true`
   */
  async find(options: FindOptions): Promise<Message[]> {
    return this.#archive.find(options);
  }

  /** How much there is: conversations, messages by status, envelopes that wait, bytes on disk. */
  async statistics(): Promise<StoreStatistics> {
    return this.#archive.statistics();
  }

  /** Account ids that are blocked, also those whose conversation was deleted. */
  blocked(): string[] {
    this.#checkOpen();
    const { peers } = this.#parts.context;
    return peers.all().flatMap(({ id, standing }) => (standing === "blocked" ? [id] : []));
  }

  /** What they sent meanwhile arrives if they still send it; a deleted conversation needs a new invite. @throws {@link ChatError} `NOT_FOUND`, `CLOSED` */
  async unblock(accountId: string): Promise<void> {
    await this.#setStanding(accountId, "open");
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

  /**
   * How far outgoing messages have come: the last step of each, in the order of these steps, then every further one. As
   * {@link messages} with `since`, it reads from the database: nothing is missed by a caller that keeps `number`. Of steps
   * that follow each other quickly, the earlier ones may be left out.
   */
  async *statusChanges(options: StatusChangeOptions = {}): AsyncGenerator<StatusChange, void, undefined> {
    this.#checkOpen();
    yield* followStatuses(this.#parts.context, options, this.#closing.signal);
  }

  /** From where on {@link messages} and {@link statusChanges} would tell news only. */
  async latest(): Promise<{ readonly sequence: number; readonly statusChange: number }> {
    this.#checkOpen();
    return this.#parts.context.store.messages.latest();
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
    this.#closing.abort();
    await stop(this.#parts);
    await this.#eventTurn;
    this.#stopObserving();
    this.#events.close();
    await release(this.#parts);
  }

  async #send(
    conversation: Conversation,
    content: Content,
    { signal, priority, key }: SendOptions,
  ): Promise<SentMessage> {
    this.#checkOpen();
    signal?.throwIfAborted();
    const supplied = this.#supplied(content);
    const id = await this.#parts.sender.send(conversation.id, {
      content: supplied,
      priority: priority ?? defaultPriority(supplied),
      ...keyOf(key),
    });
    return new SentMessage(this.#operations, conversation, id);
  }

  /** Checks at each use that the client is open. */
  get #archive(): Archive {
    this.#checkOpen();
    return this.#openArchive;
  }

  get #eraser(): Eraser {
    this.#checkOpen();
    return this.#parts.eraser;
  }

  #safetyNumber({ id }: Conversation): SafetyNumber {
    this.#checkOpen();
    const { account, peers } = this.#parts.context;
    const peerKey = peers.get(id)?.sessions.key;
    if (peerKey === undefined) throw new ChatError("NOT_FOUND", `no session in conversation ${id}`);
    return safetyNumber(account.keys.publicKey, peerKey);
  }

  #standing(id: string): Standing {
    this.#checkOpen();
    const file = this.#parts.context.peers.get(id);
    if (file === undefined) throw new ChatError("NOT_FOUND", "no such conversation; it was deleted");
    return file.standing;
  }

  async #setStanding(id: string, standing: "open" | "blocked"): Promise<void> {
    this.#checkOpen();
    const set = standing === "open" ? acceptPeer : blockPeer;
    if (await set(id, this.#parts.context)) return;
    throw new ChatError("NOT_FOUND", "no such conversation; it was deleted");
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

const INTERNAL = ["early", "session", "retransmitted", "broken", "moved", "arriving"] as const;
type InternalChange = Extract<DurableChange, { kind: (typeof INTERNAL)[number] }>;

function isInternal(change: DurableChange): change is InternalChange {
  return INTERNAL.some((kind) => kind === change.kind);
}

/** @throws {@link ChatError} `INVALID_OPTION` */
function keyOf(key: string | undefined): { key?: string } {
  if (key === undefined) return {};
  if (typeof key === "string" && key.length >= 1 && key.length <= 1024 && key.isWellFormed()) return { key };
  throw invalid("key", "well-formed text of 1 to 1,024 UTF-16 units", typeof key === "string" ? "another" : typeof key);
}

function isSupplied(content: Content): content is SuppliedContent {
  return isUnsupported(content) || SUPPLIED_TYPES.some(({ kind }) => kind === content.kind);
}
