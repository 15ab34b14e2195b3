/**
 * What two people's client must never do, checked against what their applications remember.
 * @module
 */
import type { DeliveryStatus, Message } from "../message.ts";
import { HOLD_MS } from "../receiving/held-messages.ts";
import type { Witness } from "./witness.ts";

/** Of every status, how far it is; what has ended stays as it is. */
const RANKS = { queued: 0, sent: 1, failed: 2, delivered: 3, read: 4, cancelled: 4, dropped: 4 } as const;

/**
 * Compares two people who wrote to each other, when everything has had time to arrive. Each finding is a sentence; none
 * means that nothing accepted was lost, nothing shown twice, nothing out of order, and no status went back.
 */
export async function findingsOf(one: Witness, other: Witness): Promise<string[]> {
  const [ofOne, ofOther] = [await historyOf(one), await historyOf(other)];
  return [
    ...arrivals(one, other, ofOne),
    ...arrivals(other, one, ofOther),
    ...repetitions(one),
    ...repetitions(other),
    ...overtakings(one, other),
    ...overtakings(other, one),
    ...sameMessages(ofOne, ofOther),
    ...sameOrder(ofOne, ofOther),
    ...causes(one, ofOne),
    ...causes(other, ofOther),
    ...backwards(one),
    ...backwards(other),
  ];
}

async function historyOf({ person }: Witness): Promise<readonly Message[]> {
  const [conversation] = await person.client.conversations();
  return (await conversation?.history({ limit: 1_000_000 })) ?? [];
}

/** What was accepted is shown or reported; what is shown was sent. */
function arrivals(from: Witness, to: Witness, history: readonly Message[]): string[] {
  const name = from.person.name;
  const shown = new Map(to.shown.map(({ id, body }) => [id, body]));
  const statusOf = new Map(history.map((message) => [message.id, "status" in message ? message.status : undefined]));
  const findings: string[] = [];
  for (const { id, body } of from.sent) {
    if (id === undefined) continue;
    const status = statusOf.get(id);
    if (shown.get(id) === body) {
      if (status !== "delivered") findings.push(`${name}: "${body}" arrived and is ${status}`);
    } else if (status === undefined || !isReported(status)) findings.push(`${name}: "${body}" is lost and ${status}`);
  }
  const written = new Set(from.sent.map(({ body }) => body));
  for (const { body } of to.shown) if (!written.has(body)) findings.push(`${name} never wrote "${body}"`);
  return findings;
}

function repetitions({ person, shown }: Witness): string[] {
  const seen = new Set<string>();
  return shown.flatMap(({ id, body }) => {
    const isRepeated = seen.has(id) || seen.has(body);
    seen.add(id).add(body);
    return isRepeated ? [`${person.name} is shown "${body}" twice`] : [];
  });
}

/** Texts are shown in the order in which they were written, unless one took longer than others wait for it. */
function overtakings(from: Witness, to: Witness): string[] {
  const shownOf = new Map(to.shown.map((record, place) => [record.id, { ...record, place }]));
  const findings: string[] = [];
  const texts = from.sent.flatMap((written) => {
    const shown = shownOf.get(written.id ?? "");
    return shown === undefined || written.isFile ? [] : [{ written, shown }];
  });
  for (const [index, { written, shown }] of texts.entries()) {
    const isInTime = (atMs: number) => atMs < written.atMs + HOLD_MS;
    for (const later of texts.slice(index + 1)) {
      if (!isInTime(later.written.atMs)) break;
      const { place, atMs, jumpedAtMs } = later.shown;
      if (place > shown.place || !isInTime(atMs) || jumpedAtMs >= written.atMs) continue;
      findings.push(`${to.person.name} is shown "${later.written.body}" before "${written.body}"`);
    }
  }
  return findings;
}

/** But for what is reported: it has not arrived. */
function sameMessages(one: readonly Message[], other: readonly Message[]): string[] {
  const only = (of: readonly Message[], without: readonly Message[]) => {
    const known = new Set(without.map(({ id }) => id));
    return of.filter(
      (message) => !known.has(message.id) && !(message.direction === "outgoing" && isReported(message.status)),
    );
  };
  const count = only(one, other).length + only(other, one).length;
  return count === 0 ? [] : [`${count} messages are in one history and not in the other`];
}

function isReported(status: DeliveryStatus): boolean {
  return status === "failed" || status === "dropped" || status === "cancelled";
}

function sameOrder(one: readonly Message[], other: readonly Message[]): string[] {
  const ids = new Set(other.map(({ id }) => id));
  const shared = one.filter(({ id }) => ids.has(id)).map(({ id }) => id);
  const known = new Set(one.map(({ id }) => id));
  const sharedToo = other.filter(({ id }) => known.has(id)).map(({ id }) => id);
  return shared.some((id, index) => sharedToo[index] !== id) ? ["the two histories have another order"] : [];
}

/** What somebody had written or been shown stands before what they then wrote. */
function causes({ person, sent, shown }: Witness, history: readonly Message[]): string[] {
  const placeOf = new Map(history.map(({ id }, place) => [id, place]));
  const findings: string[] = [];
  let latest = -1;
  let seen = 0;
  for (const { id, body, shownBefore } of sent) {
    for (; seen < shownBefore; seen += 1) latest = Math.max(latest, placeOf.get(shown[seen]?.id ?? "") ?? -1);
    const place = id === undefined ? undefined : placeOf.get(id);
    if (place === undefined) continue;
    if (place < latest) findings.push(`${person.name}: "${body}" stands before what it answers`);
    latest = Math.max(latest, place);
  }
  return findings;
}

function backwards({ person, statuses }: Witness): string[] {
  return [...statuses].flatMap(([id, told]) => {
    const goesBack = told.some((status, index) => index > 0 && RANKS[status] < RANKS[told[index - 1] ?? "queued"]);
    return goesBack ? [`${person.name}: ${id} was told as ${told.join(", ")}`] : [];
  });
}
