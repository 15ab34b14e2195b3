import { SeededRandom } from "@chat/sdk/testing";
import { describe, expect, test } from "@jest/globals";
import { acquaintancesOf } from "../src/privacy/acquaintances.ts";
import { answersOf } from "../src/privacy/answers.ts";
import { type Attack, attack } from "../src/privacy/attack.ts";
import { KINDS, messagesOfKinds, withoutPadding } from "../src/privacy/kinds.ts";
import { pairsOfMessages } from "../src/privacy/same-conversation.ts";
import { type Samples, shuffled } from "../src/privacy/samples.ts";
import { plantedTrace } from "./planted-trace.ts";

const BITS = 4;
const MOST = 600;
const PAIRS = { withinMs: 60_000, most: MOST, buckets: "matched" } as const;

/** The best of some forty classifiers, without anything to find. */
function expectNothing({ auc, error }: Attack): void {
  expect(auc).toBeLessThan(0.5 + 4.5 * error);
}

function expectNothingOf(samples: Samples): void {
  const random = new SeededRandom(3);
  expectNothing(attack(shuffled(samples, (limit) => random.below(limit))));
}

describe("two messages of one conversation", () => {
  test("are known by bytes that repeat", () => {
    const trace = plantedTrace({ repeats: 4 });
    const { samples, share } = pairsOfMessages(trace.observed(BITS), trace.truth, PAIRS);
    expect(attack(samples).auc).toBeGreaterThan(0.99);
    // 240 accounts in 16 buckets: some fifteen conversations in each.
    expect(share).toBeGreaterThan(0.03);
    expect(share).toBeLessThan(0.15);
    expectNothingOf(samples);
  });

  test("are not known without", () => {
    const trace = plantedTrace();
    expectNothing(attack(pairsOfMessages(trace.observed(BITS), trace.truth, PAIRS).samples));
  });
});

describe("content and acknowledgements", () => {
  const [contentOrAcknowledgement] = KINDS;
  if (contentOrAcknowledgement === undefined) throw new Error("want a question");
  const { question } = contentOrAcknowledgement;

  test("are known by their sizes", () => {
    const trace = plantedTrace({ acknowledgementBytes: 300 });
    const samples = messagesOfKinds(trace.observed(BITS), trace.truth, question, MOST);
    expect(attack(samples).auc).toBe(1);
    expectNothingOf(samples);
  });

  test("are not known if padded, and are if not", () => {
    const trace = plantedTrace();
    const observed = trace.observed(BITS);
    expectNothing(attack(messagesOfKinds(observed, trace.truth, question, MOST)));
    expect(attack(messagesOfKinds(withoutPadding(observed, trace.truth), trace.truth, question, MOST)).auc).toBe(1);
  });
});

describe("a message and its acknowledgement", () => {
  const options = { acknowledgementDelayMs: 2_000, messages: 400, wrong: 3, searched: 60 };

  test("are known by a delay that is always the same", () => {
    const trace = plantedTrace({ lagMs: () => 50 });
    const answers = answersOf(trace.observed(BITS), trace.truth, options);
    const found = attack(answers.samples);
    expect(found.auc).toBeGreaterThan(0.97);
    const { found: hits, chance } = answers.hitRate(found);
    expect(hits).toBeGreaterThan(5 * chance);
    expectNothingOf(answers.samples);
  });

  test("are hard to know among many by a delay that may be anything", () => {
    const trace = plantedTrace();
    const answers = answersOf(trace.observed(BITS), trace.truth, options);
    const found = attack(answers.samples);
    // Not nothing: 16 buckets of so few people tell who may talk with whom.
    expect(found.auc).toBeLessThan(0.8);
    expect(answers.hitRate(found).found).toBeLessThan(0.1);
    // Where both people of a pair have the same of 16 buckets, it is in none other.
    expect(answers.inTimeShare).toBeGreaterThan(0.8);
    expect(answers.contentShare).toBe(0);
  });
});

describe("accounts that talk", () => {
  const period = { fromMs: 0, untilMs: 600_000, longestMs: 600_000, strangers: 400 };

  test("are known when their mailboxes are theirs alone and they talk at a time of their own", () => {
    const { samples, anonymity } = acquaintancesOf(plantedTrace({ talkMs: 30_000 }), { ...period, mailboxBits: 14 });
    expect(attack(samples).auc).toBeGreaterThan(0.99);
    expect(anonymity).toBeLessThan(1.2);
    expectNothingOf(samples);
  });

  test("are hard to know when many share a mailbox", () => {
    const { samples, anonymity } = acquaintancesOf(plantedTrace(), { ...period, mailboxBits: 3 });
    expect(attack(samples).auc).toBeLessThan(0.75);
    expect(anonymity).toBeGreaterThan(500);
  });
});
