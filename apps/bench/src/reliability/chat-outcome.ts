/**
 * What came of a chat, counted the same for both sides. Pure.
 * @module
 */
import { type ChatPlan, PEOPLE, type PersonName, type PlannedText } from "./chat-plan.ts";

/** What the application of each person saw, over all lives of its process. */
export type ChatLog = {
  /** Bodies in the order in which they were shown, without one's own. */
  readonly shown: ReadonlyMap<PersonName, readonly string[]>;
  /** Bodies of the messages of which the author was told that they were delivered. */
  readonly confirmed: ReadonlySet<string>;
  /** Sizes of the Waku messages that reached the network, with their headers. */
  readonly published: readonly number[];
  /** Messages that subscriptions brought. */
  readonly heard: number;
};

export type ChatOutcome = {
  readonly seed: number;
  readonly written: number;
  /** Of those, shown at least once. */
  readonly delivered: number;
  /** How often anything was shown. */
  readonly shown: number;
  /** Shown before one that the same author had written earlier. */
  readonly disordered: number;
  /** Written and confirmed if and only if delivered. */
  readonly known: number;
  /** Written, not delivered, and confirmed all the same. */
  readonly falselyConfirmed: number;
  readonly publications: number;
  readonly bytes: number;
  readonly heard: number;
};

export function outcomeOf(seed: number, { texts }: ChatPlan, log: ChatLog): ChatOutcome {
  let [delivered, shown, disordered, known, falselyConfirmed] = [0, 0, 0, 0, 0];
  for (const reader of PEOPLE) {
    const seen = log.shown.get(reader) ?? [];
    const firstShown = new Map<string, number>();
    for (const [index, body] of seen.entries()) if (!firstShown.has(body)) firstShown.set(body, index);
    shown += seen.length;
    const written = texts.filter(({ author }) => author !== reader);
    delivered += written.filter(({ body }) => firstShown.has(body)).length;
    disordered += disorderOf(written, firstShown);
    for (const { body } of written) {
      if (firstShown.has(body) === log.confirmed.has(body)) known += 1;
      else if (log.confirmed.has(body)) falselyConfirmed += 1;
    }
  }
  const bytes = log.published.reduce((sum, size) => sum + size, 0);
  const counted = { delivered, shown, disordered, known, falselyConfirmed };
  return { seed, written: texts.length, ...counted, publications: log.published.length, bytes, heard: log.heard };
}

/** @param written - by one author, earliest first */
function disorderOf(written: readonly PlannedText[], firstShown: ReadonlyMap<string, number>): number {
  const places = written.map(({ body }) => firstShown.get(body)).filter((place) => place !== undefined);
  return places.filter((place, index) => places.slice(0, index).some((earlier) => earlier > place)).length;
}
