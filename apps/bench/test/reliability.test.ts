import { expect, test } from "@jest/globals";
import { outcomeOf } from "../src/reliability/chat-outcome.ts";
import { CHAT_MS, CONDITIONS, planOf } from "../src/reliability/chat-plan.ts";
import { channelChats, ourChats } from "../src/reliability/chats.ts";

function condition(name: string) {
  const found = CONDITIONS.find((each) => each.name === name);
  if (found === undefined) throw new RangeError(`condition: want one of the list, got ${name}`);
  return found;
}

test("when nothing goes wrong, each publication of the peer reaches both, and each text is shown and confirmed", async () => {
  const [chat] = await channelChats(condition("calm"), 1);
  expect(chat).toMatchObject({ written: 72, delivered: 72, disordered: 0, known: 72, falselyConfirmed: 0 });
  expect(chat?.heard).toBe(2 * (chat?.publications ?? 0));
}, 60_000);

test("virtual time drives the peer's retries: a text that nobody hears goes out again after each interval", async () => {
  const deaf = { ...condition("calm"), network: { loss: 1, storeLoss: 1 } };
  const retryIntervalMs = 30 * 60_000;
  const [chat] = await channelChats(deaf, 1, { channel: { retryIntervalMs, syncMinIntervalMs: 0 } });
  const expected = planOf(1, deaf).texts.map(({ atMs }) => 1 + Math.floor((CHAT_MS - atMs) / retryIntervalMs));
  expect(chat).toMatchObject({ delivered: 0, known: 72, heard: 0 });
  expect(chat?.publications).toBe(expected.reduce((sum, count) => sum + count, 0));
}, 60_000);

test("a seed is one chat, byte for byte; another seed is another, and both sides meet the same network", async () => {
  const lossy = condition("loss-30");
  const [one, again, ours] = await Promise.all([channelChats(lossy, 2), channelChats(lossy, 2), ourChats(lossy, 2)]);
  expect(again).toEqual(one);
  expect(one[1]?.bytes).not.toBe(one[0]?.bytes);
  expect(ours.map(({ written }) => written)).toEqual(one.map(({ written }) => written));
  for (const { heard, publications } of [...ours, ...one]) {
    expect(heard / (2 * publications)).toBeGreaterThan(0.6);
    expect(heard / (2 * publications)).toBeLessThan(0.8);
  }
}, 60_000);

test("what is written right before a crash is lost with the peer's process, and with ours it is not", async () => {
  const crashes = { ...condition("crashes"), network: {} };
  const [[ours], [theirs]] = await Promise.all([ourChats(crashes, 1), channelChats(crashes, 1)]);
  expect(ours).toMatchObject({ delivered: ours?.written, shown: ours?.written, disordered: 0, known: ours?.written });
  expect(theirs?.delivered).toBeLessThanOrEqual((theirs?.written ?? 0) - 6);
}, 60_000);

test("texts that are missing, shown twice, out of order, or wrongly confirmed are counted", () => {
  const plan = planOf(1, condition("calm"));
  const [a, b, c, d] = plan.texts.filter(({ author }) => author === "raya").map(({ body }) => body);
  const texts = plan.texts.filter(({ body }) => [a, b, c, d].includes(body));
  const shown = new Map([["saro", [b, a, b, c].filter((body) => body !== undefined)]] as const);
  const confirmed = new Set([a, b, d].filter((body) => body !== undefined));
  const outcome = outcomeOf(1, { ...plan, texts }, { shown, confirmed, published: [100, 50], heard: 4 });
  expect(outcome).toMatchObject({ written: 4, delivered: 3, shown: 4, disordered: 1, known: 2, falselyConfirmed: 1 });
  expect(outcome).toMatchObject({ publications: 2, bytes: 150 });
});
