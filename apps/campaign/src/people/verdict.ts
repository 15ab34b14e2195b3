/**
 * Holds what two clients have against what their applications wrote down. Each finding is a sentence.
 * @module
 */
import { ChatClient, type Message } from "@chat/sdk";
import { MemoryNetwork } from "@chat/sdk/testing";
import { type Entry, readDiary } from "./diary.ts";
import { type FileSizes, fileOf, letterOf, type Name, textOf } from "./letters.ts";
import type { PersonOrder } from "./orders.ts";

/** When everybody has gone. */
export type Side = {
  readonly name: Name;
  readonly diary: readonly Entry[];
  readonly history: readonly Message[];
};

export type Rules = {
  readonly seed: number;
  readonly files: FileSizes;
  readonly rateLimit: PersonOrder["rateLimit"];
  readonly keepsPosition: Readonly<Record<Name, boolean>>;
};

type EntryOf<Kind extends Entry["kind"]> = Extract<Entry, { readonly kind: Kind }>;

/** Opens the database once more, without a network. */
export async function sideOf(name: Name, files: { database: string; diary: string }): Promise<Side> {
  const network = new MemoryNetwork().connect();
  await using client = await ChatClient.create({ database: files.database, network });
  const [conversation, ...others] = await client.conversations();
  if (others.length > 0) throw new Error(`${name}: want one conversation, got ${1 + others.length}`);
  const history = (await conversation?.history({ limit: 1_000_000 })) ?? [];
  return { name, diary: readDiary(files.diary), history };
}

export function findingsOf(one: Side, other: Side, rules: Rules): string[] {
  const ofBoth = [one, other].flatMap((side) => [
    ...quota(side, rules),
    ...repetitions(side, rules),
    ...shownIsStored(side),
    ...causes(side),
  ]);
  return [...ofBoth, ...equalHistories(one, other), ...arrivals(one, other, rules), ...arrivals(other, one, rules)];
}

export function entriesOf<Kind extends Entry["kind"]>({ diary }: Pick<Side, "diary">, kind: Kind): EntryOf<Kind>[] {
  return diary.filter((entry): entry is EntryOf<Kind> => entry.kind === kind);
}

/** All that was accepted arrived as it was written, and its sender knows. */
function arrivals(from: Side, to: Side, { seed, files }: Rules): string[] {
  const source = { seed, author: from.name, files };
  const whatOf = new Map(entriesOf(from, "trying").map(({ number, what }) => [number, what]));
  const numberOf = new Map(entriesOf(from, "accepted").map(({ id, number }) => [id, number]));
  const arrived = new Map(to.history.filter(isIncoming).map((message) => [message.id, letterOf(message.content)]));
  const stored = new Set(from.history.map(({ id }) => id));
  const findings: string[] = [];
  for (const [id, number] of numberOf) {
    if (!stored.has(id)) findings.push(`${from.name} ${number}: accepted, and not in the history of its sender`);
    if (!arrived.has(id)) findings.push(`${from.name} ${number}: accepted, and lost`);
  }
  for (const message of from.history) {
    if (message.direction === "incoming" || message.status === "delivered") continue;
    findings.push(`${from.name} ${letterOf(message.content).number}: want it delivered, it is ${message.status}`);
  }
  for (const [id, { number, what, digest }] of arrived) {
    const accepted = numberOf.get(id);
    if (whatOf.get(number) !== what || (accepted !== undefined && accepted !== number)) {
      findings.push(`${from.name} ${number}: arrived, and was never written as ${what}`);
      continue;
    }
    const written = letterOf(what === "text" ? textOf(source, number) : fileOf(source, number));
    if (written.digest !== digest) findings.push(`${from.name} ${number}: arrived with other contents`);
  }
  return findings;
}

/** Once in the database, and once to the application; with the position of the database, the one in hand may come again. */
function repetitions({ name, diary, history }: Side, { keepsPosition }: Rules): string[] {
  const findings: string[] = [];
  const stored = new Set<string>();
  for (const message of history) {
    const letter = `${message.direction} ${letterOf(message.content).number}`;
    if (stored.has(letter)) findings.push(`${name} has ${letter} twice`);
    stored.add(letter);
  }
  const shown = new Set<number>();
  let inHand: number | undefined;
  let isFirst = false;
  for (const entry of diary) {
    if (entry.kind === "opened") isFirst = true;
    if (entry.kind !== "shown") continue;
    const wasInHand = !keepsPosition[name] && isFirst && entry.number === inHand;
    if (shown.has(entry.number) && !wasInHand) findings.push(`${name} was shown ${entry.number} twice`);
    shown.add(entry.number);
    inHand = entry.number;
    isFirst = false;
  }
  return findings;
}

function shownIsStored({ name, diary, history }: Side): string[] {
  const shown = new Map(entriesOf({ diary }, "shown").map((entry) => [entry.id, entry]));
  const incoming = history.filter(isIncoming);
  const findings = incoming.flatMap(({ id, content }) => {
    const { number, digest } = letterOf(content);
    const entry = shown.get(id);
    if (entry === undefined) return [`${name} was never shown ${number}`];
    return entry.digest === digest ? [] : [`${name} was shown ${number} with other contents`];
  });
  if (shown.size > incoming.length) findings.push(`${name} was shown ${shown.size}, and has ${incoming.length}`);
  return findings;
}

/** The same messages, in the same order. */
function equalHistories(one: Side, other: Side): string[] {
  const [ids, others] = [one, other].map(({ history }) => history.map(({ id }) => id)) as [string[], string[]];
  const at = ids.findIndex((id, index) => others[index] !== id);
  if (at === -1 && ids.length === others.length) return [];
  return [`the histories of ${ids.length} and ${others.length} messages differ from message ${at} on`];
}

/** What somebody had written or been shown stands before what they wrote then. */
function causes({ name, diary, history }: Side): string[] {
  const placeOf = new Map(history.map(({ id }, place) => [id, place]));
  const idOf = new Map(entriesOf({ diary }, "accepted").map(({ number, id }) => [number, id]));
  const findings: string[] = [];
  let latest = -1;
  for (const entry of diary) {
    if (entry.kind !== "trying" && entry.kind !== "shown") continue;
    const id = entry.kind === "shown" ? entry.id : idOf.get(entry.number);
    const place = id === undefined ? undefined : placeOf.get(id);
    if (place === undefined) continue;
    if (entry.kind === "trying" && place < latest) {
      findings.push(`${name} ${entry.number} stands before what it answers`);
    }
    latest = Math.max(latest, place);
  }
  return findings;
}

/** What a validator of RLN would slash or refuse for. */
function quota({ name, diary }: Side, { rateLimit: { messagesPerEpoch, epochSeconds } }: Rules): string[] {
  const digestOf = new Map<string, string>();
  return entriesOf({ diary }, "slot").flatMap(({ epoch, index, digest, atMs }) => {
    const slot = `${name}, epoch ${epoch}, index ${index}`;
    const known = digestOf.get(slot);
    digestOf.set(slot, digest);
    const findings: string[] = [];
    if (index < 0 || index >= messagesPerEpoch) findings.push(`${slot}: want it below ${messagesPerEpoch}`);
    if (Math.abs(epoch - Math.floor(atMs / 1000 / epochSeconds)) > 1) findings.push(`${slot}: sent in another epoch`);
    if (known !== undefined && known !== digest) findings.push(`${slot}: used for two messages`);
    return findings;
  });
}

function isIncoming(message: Message): boolean {
  return message.direction === "incoming";
}
