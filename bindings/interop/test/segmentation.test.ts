/** Each language cuts payloads, and each other one puts them together from seven of eight segments. */
import { createHash, randomInt } from "node:crypto";
import { rmSync } from "node:fs";
import { afterAll, expect, test } from "@jest/globals";
import { type Coder, native, type Settings, typeScript } from "./coders.ts";
import { languages, scratch } from "./languages.ts";

const coders: readonly Coder[] = [typeScript, ...languages.map(native)];
const PAIRS = coders.flatMap((from) =>
  coders.filter((to) => to !== from).map((to) => [from.name, to.name, from, to] as const),
);

/** Below 256 segments the field has 256 elements, above it 65,536; some payloads end within a chunk. */
const SETS: readonly (readonly [title: string, bytes: number, settings: Settings])[] = [
  ["21 + 2 segments", 3_000_000, { maxMessageSize: 150_000, blind: false }],
  ["21 + 2 segments, blind", 3_000_000, { maxMessageSize: 150_000, blind: true }],
  ["121 + 17 segments", 601_234, { maxMessageSize: 5_059, blind: false }],
  ["1,501 + 214 segments", 1_500_001, { maxMessageSize: 1_059 + 24, blind: false }],
  ["6,251 + 892 segments, blind", 1_600_000, { maxMessageSize: 315, blind: true }],
];

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

test.each(PAIRS)(
  "%s to %s, with every eighth segment lost",
  async (_from, _to, from, to) => {
    for (const [title, bytes, settings] of SETS) {
      const payload = payloadOf(bytes);
      const messages = await from.encode(payload, settings);
      const left = shuffled(messages.filter((_, index) => index % 8 !== 7));
      expect([title, left.length]).toEqual([title, messages.length - Math.floor(messages.length / 8)]);
      const { payload: got } = await to.decode(left, settings);
      expect([title, digest(got ?? new Uint8Array())]).toEqual([title, digest(payload)]);
    }
  },
  120_000,
);

test("all make the same segments, and say the same of a set with too few", async () => {
  for (const [title, bytes, settings] of SETS.filter(([, , { blind }]) => !blind)) {
    const payload = payloadOf(bytes);
    const messages = await typeScript.encode(payload, settings);
    const left = messages.filter((_, index) => index % 5 !== 2);
    const wanted = (await typeScript.decode(left, settings)).reports.map(withoutAge);
    expect([title, wanted]).toMatchObject([title, [{ reason: "timeout", held: left.length, total: messages.length }]]);
    for (const coder of coders) {
      const made = await coder.encode(payload, settings);
      expect([coder.name, title, made.map(digest)]).toEqual([coder.name, title, messages.map(digest)]);
      const { reports } = await coder.decode(left, settings);
      expect([coder.name, title, reports.map(withoutAge)]).toEqual([coder.name, title, wanted]);
    }
  }
}, 120_000);

/** It depends on the clock, but is an hour at least and hardly more, since that is how far ahead the command looks. */
function withoutAge({ ageMs, ...rest }: { ageMs?: number }): object {
  expect(ageMs).toBeGreaterThanOrEqual(3_600_000 - 1_000);
  expect(ageMs).toBeLessThan(3_600_000 + 60_000);
  return rest;
}

function payloadOf(bytes: number): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, i) => i * 167 + (i >> 8) * 59 + 3);
}

function digest(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function shuffled<T>(items: readonly T[]): T[] {
  const left = [...items];
  return items.flatMap(() => left.splice(randomInt(left.length), 1));
}
