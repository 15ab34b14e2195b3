/**
 * Pushes messages to the light nodes that asked for their content topics.
 * Spec: 12/WAKU2-FILTER, version 2.0.0-beta1.
 * @module
 */
import type { Connection, PeerId, StreamHandler } from "@libp2p/interface";
import { proto_filter_v2 } from "@waku/proto";
import type { Counters } from "./counters.ts";
import type { Message } from "./message.ts";
import type { PeerLimiter } from "./peer-limits.ts";
import { PushQueue } from "./push-queue.ts";
import { requestHandler } from "./streams.ts";

export const FILTER_SUBSCRIBE_CODEC = "/vac/waku/filter-subscribe/2.0.0-beta1";
export const FILTER_PUSH_CODEC = "/vac/waku/filter-push/2.0.0-beta1";

const MAX_REQUEST_BYTES = 64 * 1024;
const MAX_TOPICS_PER_REQUEST = 100;
const MAX_TOPICS_PER_SUBSCRIBER = 1_000;
const MAX_SUBSCRIBERS = 1_000;
/** A subscriber that says nothing for so long is forgotten: light nodes ping every minute. */
const SUBSCRIPTION_MS = 5 * 60_000;
const SWEEP_MS = 30_000;

const STATUS = { success: 200, badRequest: 400, notFound: 404, tooManyRequests: 429, unavailable: 503 } as const;
const UNKNOWN_REQUEST = "N/A";
const { FilterSubscribeType } = proto_filter_v2.FilterSubscribeRequest;

type Request = proto_filter_v2.FilterSubscribeRequest;
type Outcome = { readonly status: number; readonly detail: string };
type Subscriber = { readonly topics: Set<string>; queue: PushQueue; heardAtMs: number };

export interface FilterDeps {
  readonly pubsubTopics: ReadonlySet<string>;
  readonly counters: Counters;
  readonly limiter: PeerLimiter;
  /** Calls back once for each time that the message is to go to one subscriber. */
  readonly passOn: (deliver: () => void) => void;
  /** Called for each message that is queued for a subscriber. */
  readonly onDelivered: (peer: string, message: Message) => void;
  readonly ping: (peer: PeerId, signal: AbortSignal) => Promise<unknown>;
}

export class FilterService {
  readonly handler: StreamHandler;
  readonly #deps: FilterDeps;
  readonly #subscribers = new Map<string, Subscriber>();
  #sweep: NodeJS.Timeout | undefined;

  constructor(deps: FilterDeps) {
    this.#deps = deps;
    this.handler = requestHandler({
      maxRequestBytes: MAX_REQUEST_BYTES,
      counters: deps.counters,
      answer: async (bytes, connection) => this.#answer(bytes, connection),
    });
  }

  get subscribers(): number {
    return this.#subscribers.size;
  }

  /** Queues the message for each subscriber of its topics. */
  push(message: Message): void {
    const { pubsubTopic, contentTopic, wire } = message;
    const wanted = criterion(pubsubTopic, contentTopic);
    let encoded: Uint8Array | undefined;
    for (const [peer, { topics, queue }] of this.#subscribers) {
      if (!topics.has(wanted)) continue;
      encoded ??= proto_filter_v2.MessagePush.encode({ pubsubTopic, wakuMessage: wire });
      const frame = encoded;
      this.#deps.passOn(() => {
        queue.push(frame);
        this.#deps.onDelivered(peer, message);
      });
    }
  }

  /** Forgets a peer that disconnected. */
  remove(peer: PeerId): void {
    this.#drop(peer.toString());
  }

  /** Forgets, from now on, whoever is silent for too long. */
  start(): void {
    this.#sweep ??= setInterval(() => this.#expire(performance.now() - SUBSCRIPTION_MS), SWEEP_MS).unref();
  }

  /** Forgets everybody. */
  clear(): void {
    clearInterval(this.#sweep);
    this.#sweep = undefined;
    for (const peer of [...this.#subscribers.keys()]) this.#drop(peer);
  }

  #answer(bytes: Uint8Array, connection: Connection): Uint8Array {
    let request: Request;
    try {
      request = proto_filter_v2.FilterSubscribeRequest.decode(bytes);
    } catch {
      this.#deps.counters.dropped.malformed += 1;
      return reply(UNKNOWN_REQUEST, { status: STATUS.badRequest, detail: "want a filter request" });
    }
    return reply(request.requestId, this.#apply(request, connection));
  }

  #apply(request: Request, connection: Connection): Outcome {
    const peer = connection.remotePeer.toString();
    const { limiter, counters } = this.#deps;
    if (!limiter.allows(peer)) {
      counters.dropped["rate-limited"] += 1;
      return { status: STATUS.tooManyRequests, detail: "too many requests: wait, then try again" };
    }
    const known = this.#subscribers.get(peer);
    if (known !== undefined) known.heardAtMs = performance.now();
    switch (request.filterSubscribeType) {
      case FilterSubscribeType.SUBSCRIBE:
        return this.#checked(request) ?? this.#subscribe(peer, wantedBy(request), connection);
      case FilterSubscribeType.UNSUBSCRIBE:
        return this.#checked(request) ?? this.#unsubscribe(peer, wantedBy(request));
      case FilterSubscribeType.UNSUBSCRIBE_ALL:
        return this.#unsubscribe(peer, [...(this.#subscribers.get(peer)?.topics ?? [])]);
      default:
        return this.#isSubscribed(peer) ? OK : NOT_SUBSCRIBED;
    }
  }

  #subscribe(peer: string, wanted: readonly string[], connection: Connection): Outcome {
    const known = this.#subscribers.get(peer);
    const topics = new Set([...(known?.topics ?? []), ...wanted]);
    if (topics.size > MAX_TOPICS_PER_SUBSCRIBER) {
      return this.#overLimit(STATUS.tooManyRequests, `topics: want at most ${MAX_TOPICS_PER_SUBSCRIBER}`);
    }
    if (known === undefined && this.#subscribers.size >= MAX_SUBSCRIBERS) {
      return this.#overLimit(STATUS.unavailable, `subscribers: this node has ${MAX_SUBSCRIBERS} already`);
    }
    if (known?.queue.connection === connection) {
      for (const topic of wanted) known.topics.add(topic);
      return OK;
    }
    // A peer that came back on a new connection is served there: the old one may be dead without knowing it.
    known?.queue.close();
    const { counters, ping } = this.#deps;
    const queue = new PushQueue({
      connection,
      codec: FILTER_PUSH_CODEC,
      counters,
      ping,
      onBroken: () => {
        if (this.#subscribers.get(peer)?.queue === queue) this.#subscribers.delete(peer);
      },
    });
    this.#subscribers.set(peer, { topics, queue, heardAtMs: performance.now() });
    return OK;
  }

  #unsubscribe(peer: string, unwanted: readonly string[]): Outcome {
    const subscriber = this.#subscribers.get(peer);
    if (subscriber === undefined || !this.#isSubscribed(peer)) return NOT_SUBSCRIBED;
    // The queue outlives its topics, with the connection: a new stream for each subscription would leak at the peer.
    for (const topic of unwanted) subscriber.topics.delete(topic);
    return OK;
  }

  #isSubscribed(peer: string): boolean {
    return (this.#subscribers.get(peer)?.topics.size ?? 0) > 0;
  }

  #checked({ pubsubTopic, contentTopics }: Request): Outcome | undefined {
    const { counters, pubsubTopics } = this.#deps;
    if (contentTopics.length < 1 || contentTopics.length > MAX_TOPICS_PER_REQUEST) {
      counters.dropped.malformed += 1;
      const detail = `content topics: want 1 to ${MAX_TOPICS_PER_REQUEST}, got ${contentTopics.length}`;
      return { status: STATUS.badRequest, detail };
    }
    if (pubsubTopic === undefined || !pubsubTopics.has(pubsubTopic)) {
      counters.dropped["unsupported-topic"] += 1;
      return { status: STATUS.badRequest, detail: "pubsub topic: want a shard of this network" };
    }
    return undefined;
  }

  #expire(beforeMs: number): void {
    for (const [peer, { heardAtMs }] of this.#subscribers) {
      if (heardAtMs > beforeMs) continue;
      this.#deps.counters.dropped.expired += 1;
      this.#drop(peer);
    }
  }

  #overLimit(status: number, detail: string): Outcome {
    this.#deps.counters.dropped["over-limit"] += 1;
    return { status, detail };
  }

  #drop(peer: string): void {
    this.#subscribers.get(peer)?.queue.close();
    this.#subscribers.delete(peer);
  }
}

const OK: Outcome = { status: STATUS.success, detail: "OK" };
const NOT_SUBSCRIBED: Outcome = { status: STATUS.notFound, detail: "this peer has no subscription here" };

function wantedBy({ pubsubTopic = "", contentTopics }: Request): string[] {
  return contentTopics.map((contentTopic) => criterion(pubsubTopic, contentTopic));
}

// Pubsub topics of this network hold no line feed, so the pair cannot be read in two ways.
function criterion(pubsubTopic: string, contentTopic: string): string {
  return `${pubsubTopic}\n${contentTopic}`;
}

function reply(requestId: string, { status, detail }: Outcome): Uint8Array {
  return proto_filter_v2.FilterSubscribeResponse.encode({ requestId, statusCode: status, statusDesc: detail });
}
