/**
 * Who knows whom in a small group of people, and who writes when. Pure: a seed decides.
 * @module
 */
import { SeededRandom } from "@chat/sdk/testing";

/** `steady`: everybody writes at random moments. `sessions`: bursts of talk with hours of nothing between them. */
export type TrafficModel = "steady" | "sessions";

export type GroupOrder = {
  readonly model: TrafficModel;
  readonly seed: number;
  readonly people: number;
  readonly acknowledgementDelayMs: number;
  /** Until then, what passes is not recorded: conversations begin all at once. */
  readonly warmUpMs: number;
  readonly recordedMs: number;
};

export type PlannedConversation = {
  /** Accepts the other's invite. */
  readonly initiator: number;
  readonly responder: number;
  readonly beginsAtMs: number;
};

export type PlannedText = {
  readonly atMs: number;
  readonly conversation: number;
  readonly byInitiator: boolean;
  readonly characters: number;
};

export type GroupPlan = {
  readonly conversations: readonly PlannedConversation[];
  /** In the order of time. The first of a conversation is the text that begins it. */
  readonly texts: readonly PlannedText[];
};

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** CHAT-P1. */
const TEXTS_PER_MINUTE = 4;
/** Of conversations, that begin while it is recorded. */
const NEW_SHARE = 0.3;
/** Of `sessions`: texts of one person in a day. */
const TEXTS_PER_DAY = 15;
const BURST = { least: 5, most: 20 };
/** Share of texts that answer the other side; the rest goes on with one's own. */
const ANSWERS = 0.65;
const ANSWER = { medianMs: 12_000, sigma: 0.9, leastMs: 1_500 };
/** How much is said in each hour of the day, in proportion. */
const HOURS = [2, 1, 1, 1, 1, 2, 4, 7, 9, 10, 10, 11, 12, 11, 10, 10, 11, 12, 13, 15, 16, 14, 9, 5];

export function planGroup({ model, seed, people, warmUpMs, recordedMs }: GroupOrder): GroupPlan {
  const random = new SeededRandom(seed, 1_000);
  const endMs = warmUpMs + recordedMs;
  const conversations = acquaint(people, random).map(([initiator, responder]) => {
    const isNew = random.chance(NEW_SHARE);
    const laterMs = model === "steady" ? random.fraction() * recordedMs : momentOfDay(random, recordedMs);
    return { initiator, responder, beginsAtMs: isNew ? warmUpMs + laterMs : random.fraction() * (warmUpMs / 2) };
  });
  const moments =
    model === "steady"
      ? steadyTexts(people, conversations, endMs, random)
      : burstsOfTexts(people, conversations, { warmUpMs, recordedMs }, random);
  const texts = moments
    .filter(({ atMs, conversation }) => atMs > (conversations[conversation]?.beginsAtMs ?? 0) && atMs < endMs)
    .concat(conversations.map(({ beginsAtMs: atMs }, conversation) => ({ atMs, conversation, byInitiator: true })))
    .sort((a, b) => a.atMs - b.atMs)
    .map((text) => ({ ...text, characters: lengthOfText(random) }));
  return { conversations, texts };
}

/** Everybody knows one to three: a chain, and sometimes one more between two who are no neighbours. */
function acquaint(people: number, random: SeededRandom): [number, number][] {
  const pairs: [number, number][] = [];
  for (let one = 1; one < people; one += 1) pairs.push(random.chance(0.5) ? [one - 1, one] : [one, one - 1]);
  const [from, to] = [random.below(people), random.below(people)];
  if (Math.abs(from - to) > 1) pairs.push([from, to]);
  return pairs;
}

type Moment = Omit<PlannedText, "characters">;
type Conversations = readonly PlannedConversation[];

function steadyTexts(people: number, conversations: Conversations, endMs: number, random: SeededRandom): Moment[] {
  const each = Math.round((TEXTS_PER_MINUTE * endMs) / MINUTE_MS);
  return Array.from({ length: people * each }, (_, index) => {
    const person = index % people;
    const atMs = random.fraction() * endMs;
    const own = conversations.flatMap(({ initiator, responder, beginsAtMs }, conversation) =>
      (initiator === person || responder === person) && beginsAtMs < atMs ? [conversation] : [],
    );
    if (own.length === 0) return [];
    const conversation = random.pick(own);
    return [{ atMs, conversation, byInitiator: conversations[conversation]?.initiator === person }];
  }).flat();
}

/** Each talk is of a conversation that has begun; one that begins while it is recorded begins with a talk. */
function burstsOfTexts(
  people: number,
  conversations: Conversations,
  { warmUpMs, recordedMs }: { readonly warmUpMs: number; readonly recordedMs: number },
  random: SeededRandom,
): Moment[] {
  const first = conversations.flatMap(({ beginsAtMs }, conversation) =>
    beginsAtMs >= warmUpMs ? [burst({ atMs: beginsAtMs, conversation, byInitiator: true }, random)] : [],
  );
  const perBurst = (BURST.least + BURST.most) / 2;
  const count = Math.round((people * TEXTS_PER_DAY * recordedMs) / DAY_MS / perBurst) - first.length;
  const others = Array.from({ length: Math.max(0, count) }, () => {
    const atMs = warmUpMs + momentOfDay(random, recordedMs);
    const begun = conversations.flatMap(({ beginsAtMs }, index) => (beginsAtMs < atMs ? [index] : []));
    if (begun.length === 0) return [];
    return burst({ atMs, conversation: random.pick(begun), byInitiator: random.chance(0.5) }, random);
  });
  return [...first, ...others].flat();
}

function burst({ conversation, ...start }: Moment, random: SeededRandom): Moment[] {
  let { atMs, byInitiator } = start;
  return Array.from({ length: BURST.least + random.below(BURST.most - BURST.least + 1) }, () => {
    const moment = { atMs, conversation, byInitiator };
    atMs += Math.max(ANSWER.leastMs, ANSWER.medianMs * Math.exp(ANSWER.sigma * normal(random)));
    if (random.chance(ANSWERS)) byInitiator = !byInitiator;
    return moment;
  });
}

/** A moment of some day, in the hours in which people talk. */
function momentOfDay(random: SeededRandom, durationMs: number): number {
  for (;;) {
    const atMs = random.fraction() * durationMs;
    const hour = HOURS[Math.floor((atMs % DAY_MS) / HOUR_MS)] ?? 0;
    if (random.chance(hour / Math.max(...HOURS))) return atMs;
  }
}

/** Half of all texts have up to 40 characters, one in twenty more than 137, one in a hundred is a letter. */
function lengthOfText(random: SeededRandom): number {
  if (random.chance(0.01)) return 300 + random.below(1_700);
  return Math.max(1, Math.round(40 * Math.exp(0.75 * normal(random))));
}

function normal(random: SeededRandom): number {
  return Math.sqrt(-2 * Math.log(1 - random.fraction())) * Math.cos(2 * Math.PI * random.fraction());
}
