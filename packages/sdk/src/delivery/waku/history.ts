/**
 * History from store nodes: oldest first, page by page, on another node when one fails in the middle, and compared with a
 * second node by hashes, so that what one of them forgot is not lost.
 * @module
 */

import { ChatError } from "../../errors.ts";
import type { InboundMessage, TimeRange } from "../delivery-service.ts";
import type { Limits } from "./limits.ts";
import type { ServiceNode } from "./service-node.ts";
import type { ServiceNodes } from "./service-nodes.ts";

const ANSWER_LIMIT_MS = 15_000;
const PAGE_SIZE = 100;
/** Store nodes may refuse longer ranges. */
const LONGEST_RANGE_MS = 24 * 60 * 60 * 1000;
/** Messages that are fetched from the second node at a time. */
const MISSING_AT_ONCE = 100;
/** Hashes that a second node may name in one look; one that names more is not believed. */
const MAX_HASHES = 100_000;

/** Messages of one instant that wait for each other. */
const MOST_HELD = 5_000;

type Reading = { readonly leader: ServiceNode; cursor: Uint8Array | undefined; readonly seen: Set<string> };
type Asked = { readonly topics: readonly [string, ...string[]]; readonly signal: AbortSignal | undefined };

export type HistoryDeps = {
  readonly limits: Limits;
  readonly nodes: ServiceNodes;
  /** The one that knows the topics anyway; it is asked first. */
  readonly subscribedNode: () => ServiceNode | undefined;
};

export class History {
  readonly #deps: HistoryDeps;
  /** Another second node each time, so that each is compared with the first now and then. */
  #looks = 0;

  constructor(deps: HistoryDeps) {
    this.#deps = deps;
  }

  /** @param topics - of one shard. @throws {@link ChatError} `PEER_UNREACHABLE` when no store node answers (any more) */
  async *read(topics: Asked["topics"], { fromMs, toMs }: TimeRange, signal: AbortSignal | undefined) {
    this.#looks += 1;
    for (let startMs = fromMs; startMs <= toMs; startMs += LONGEST_RANGE_MS) {
      const range = { fromMs: startMs, toMs: Math.min(toMs, startMs + LONGEST_RANGE_MS - 1) };
      yield* this.#window({ topics, signal }, range);
    }
  }

  /** Everything before `fromMs` was given out already; what lies behind waits until it is complete. */
  async *#window(asked: Asked, { fromMs, toMs }: TimeRange): AsyncGenerator<InboundMessage, void, undefined> {
    const held = new Map<string, InboundMessage>();
    const failed = new Set<ServiceNode>();
    let reading = this.#lead(failed);
    while (fromMs <= toMs) {
      try {
        const page = await this.#page(reading.leader, asked, { fromMs, toMs }, reading.cursor);
        const isNew = page.entries.some(({ hash }) => !reading.seen.has(hash));
        if (page.cursor !== undefined && !isNew)
          throw new ChatError("PEER_UNREACHABLE", "a store node goes round in circles");
        for (const message of page.entries) {
          reading.seen.add(message.hash);
          if (isWanted(message, asked, toMs)) held.set(message.hash, message);
        }
        reading.cursor = page.cursor;
        reading.leader.trust("store");
      } catch (error) {
        asked.signal?.throwIfAborted();
        reading.leader.blame("store");
        failed.add(reading.leader);
        reading = this.#lead(failed, error); // the cursor of one node says nothing to another
        continue;
      }
      const newestMs = held.size > 0 ? Math.max(...[...held.values()].map(({ timestampMs }) => timestampMs)) : fromMs;
      // Messages of the newest instant may go on in the next page.
      const completeMs = reading.cursor === undefined ? toMs + 1 : newestMs;
      while (fromMs < completeMs) {
        const slice = { fromMs, toMs: completeMs - 1 };
        const { found, untilMs } = await this.#compare(reading.leader, asked, slice, held);
        for (const message of found) held.set(message.hash, message);
        for (const message of taken(held, untilMs)) {
          reading.seen.delete(message.hash);
          yield message;
        }
        fromMs = untilMs;
      }
      if (held.size > MOST_HELD) yield* taken(held, Number.POSITIVE_INFINITY); // all of one instant: bounded, not compared
    }
  }

  #lead(failed: ReadonlySet<ServiceNode>, cause?: unknown): Reading {
    const nodes = this.#deps.nodes.for("store").filter((node) => !failed.has(node));
    const subscribed = this.#deps.subscribedNode();
    const leader = nodes.find((node) => node === subscribed && !node.isFailing("store")) ?? nodes[0];
    if (leader === undefined) throw unreachable(cause);
    return { leader, cursor: undefined, seen: new Set() };
  }

  /**
   * What a second node has of a slice and the first has not.
   * @returns `untilMs`: up to there, exclusive, it was compared: less than all when much is missing
   */
  async #compare(
    leader: ServiceNode,
    asked: Asked,
    slice: TimeRange,
    held: ReadonlyMap<string, InboundMessage>,
  ): Promise<{ found: readonly InboundMessage[]; untilMs: number }> {
    const endMs = slice.toMs + 1;
    const second = this.#second(leader);
    if (second === undefined) return { found: [], untilMs: endMs };
    try {
      const missing = await this.#missing(second, asked, slice, held);
      const found = await this.#fetch(second, asked, slice, missing.slice(0, MISSING_AT_ONCE));
      second.trust("store");
      if (missing.length <= MISSING_AT_ONCE) return { found, untilMs: endMs };
      // Hashes come oldest first: what was not fetched is not older than the newest of these.
      const newestMs = Math.max(slice.fromMs, ...found.map(({ timestampMs }) => timestampMs));
      if (newestMs > slice.fromMs) return { found, untilMs: newestMs };
      const rest = await this.#fetch(second, asked, slice, missing.slice(MISSING_AT_ONCE));
      return { found: [...found, ...rest], untilMs: endMs };
    } catch {
      asked.signal?.throwIfAborted();
      second.blame("store");
      return { found: [], untilMs: endMs };
    }
  }

  async #missing(
    second: ServiceNode,
    asked: Asked,
    slice: TimeRange,
    held: ReadonlyMap<string, InboundMessage>,
  ): Promise<string[]> {
    const missing: string[] = [];
    let cursor: Uint8Array | undefined;
    let count = 0;
    do {
      const question = { topics: asked.topics, ...slice, limit: PAGE_SIZE, ...(cursor !== undefined && { cursor }) };
      const page = await this.#ask(second, asked, (link, signal) => link.hashes(question, signal));
      missing.push(...page.entries.filter((hash) => !held.has(hash)));
      count += page.entries.length;
      if (count > MAX_HASHES || (page.entries.length === 0 && page.cursor !== undefined)) {
        throw new ChatError("PEER_UNREACHABLE", "a store node names more messages than there can be");
      }
      cursor = page.cursor;
    } while (cursor !== undefined);
    return missing;
  }

  async #fetch(second: ServiceNode, asked: Asked, slice: TimeRange, hashes: readonly string[]) {
    const found: InboundMessage[] = [];
    let wanted = [...hashes];
    while (wanted.length > 0) {
      const some = wanted.slice(0, MISSING_AT_ONCE);
      const question = { topic: asked.topics[0], hashes: some, limit: PAGE_SIZE };
      const { entries } = await this.#ask(second, asked, (link, signal) => link.history(question, signal));
      found.push(
        ...entries.filter((message) => message.timestampMs >= slice.fromMs && isWanted(message, asked, slice.toMs)),
      );
      // Fewer come when they are large; what does not come at all is not there.
      const isThere = new Set(entries.map(({ hash }) => hash));
      const isDone = some.every((hash) => !isThere.has(hash));
      wanted = isDone ? wanted.slice(some.length) : wanted.filter((hash) => !isThere.has(hash));
    }
    return found;
  }

  #page(node: ServiceNode, asked: Asked, range: TimeRange, cursor: Uint8Array | undefined) {
    const question = { topics: asked.topics, ...range, limit: PAGE_SIZE, ...(cursor !== undefined && { cursor }) };
    return this.#ask(node, asked, (link, signal) => link.history(question, signal));
  }

  #ask<Result>(
    { link }: ServiceNode,
    { signal }: Asked,
    ask: (link: NonNullable<ServiceNode["link"]>, signal: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    if (link === undefined) return Promise.reject(unreachable());
    return this.#deps.limits.within(ANSWER_LIMIT_MS, signal, (limit) => ask(link, limit));
  }

  #second(leader: ServiceNode): ServiceNode | undefined {
    const peerId = leader.link?.peerId;
    const others = this.#deps.nodes
      .for("store")
      .filter((node) => node.link?.peerId !== peerId && !node.isFailing("store"));
    return others[this.#looks % Math.max(1, others.length)];
  }
}

/** Takes out what is older than `untilMs`, oldest first. */
function taken(held: Map<string, InboundMessage>, untilMs: number): InboundMessage[] {
  const complete = [...held.values()].filter(({ timestampMs }) => timestampMs < untilMs);
  for (const { hash } of complete) held.delete(hash);
  return complete.toSorted((a, b) => a.timestampMs - b.timestampMs);
}

/** Whatever else a node sends was not asked for. */
function isWanted({ topic, timestampMs }: InboundMessage, { topics }: Asked, toMs: number): boolean {
  return topics.includes(topic) && timestampMs <= toMs;
}

function unreachable(cause?: unknown): ChatError {
  return new ChatError("PEER_UNREACHABLE", "no store node answers (any more); what was missed is looked for later", {
    retryable: true,
    cause,
  });
}
