/**
 * Participants under virtual time on a network that loses, repeats, reorders and splits, and machines that crash. It
 * runs until nothing is left to do, and knows the truth: what each message really follows.
 */
import { acknowledgementDelayMs, nextWakeUpMs, owesAcknowledgement, requestsDue } from "../src/index.ts";
import { Participant, type Rules } from "./participant.ts";
import { type Seeded, seeded } from "./seeded.ts";

export const START_MS = 1_795_000_000_000;
export const MINUTE_MS = 60_000;
const SYNC_EVERY_MS = 10 * MINUTE_MS;

export type Weather = {
  readonly loss: number;
  readonly duplication: number;
  /** How often something that was ever sent is sent once more, to everybody, by whoever recorded it. */
  readonly replays: number;
  readonly maxDelayMs: number;
  /** Of received messages, how many are durable at once. */
  readonly promptness: number;
  /** How wrong each clock is. */
  readonly skewsMs: readonly number[];
  readonly crashes: readonly { readonly who: number; readonly afterMs: number }[];
  readonly partitions: readonly { readonly who: number; readonly afterMs: number; readonly forMs: number }[];
};

export type Truth = {
  readonly sender: string;
  /** What its sender had seen or sent before. */
  readonly past: readonly string[];
  /** What it says that it follows. */
  readonly names: readonly string[];
};

type Task = { readonly atMs: number; readonly order: number; readonly run: (nowMs: number) => void };
type Timers = { acknowledgeAtMs: number; syncAtMs: number; plannedMs: number };

export class World {
  readonly people: readonly Participant[];
  readonly truth = new Map<string, Truth>();
  readonly #random: Seeded;
  readonly #weather: Weather;
  readonly #timers: Timers[];
  readonly #tasks: Task[] = [];
  readonly #recorded: Uint8Array[] = [];
  #order = 0;

  constructor(seed: number, size: number, rules: Rules, weather: Weather) {
    const random = seeded(seed);
    const nameOf = (index: number) => ({ channelId: "world", participantId: `participant ${index}` });
    this.people =
      size === 0
        ? [new Participant("I", rules, random), new Participant("R", rules, random)]
        : Array.from({ length: size }, (_, index) => new Participant(nameOf(index), rules, random));
    this.#random = random;
    this.#weather = weather;
    const never = Number.POSITIVE_INFINITY;
    this.#timers = this.people.map((_, index) => ({
      acknowledgeAtMs: never,
      // Only among many is it needed; in the compact form naming the own previous message is enough.
      syncAtMs: size === 0 ? never : START_MS + SYNC_EVERY_MS + index * MINUTE_MS,
      plannedMs: never,
    }));
    for (const { who, afterMs } of weather.crashes) {
      this.at(START_MS + afterMs, (nowMs) => {
        this.#person(who).crash();
        this.#timer(who).acknowledgeAtMs = never;
        this.#plan(who, nowMs);
      });
    }
    for (const index of this.people.keys()) this.#plan(index, START_MS);
  }

  at(atMs: number, run: (nowMs: number) => void): void {
    this.#tasks.push({ atMs, order: this.#order++, run });
  }

  send(who: number, text: string, nowMs: number): void {
    const person = this.#person(who);
    const past = [...person.seen.map(({ messageId }) => messageId), ...this.#sentBy(person)];
    const { messageId, bytes } = person.send(text, this.#clock(who, nowMs));
    this.truth.set(messageId, { sender: person.name, past, names: person.read(bytes)?.history ?? [] });
    this.broadcast(who, bytes, nowMs);
    this.#plan(who, nowMs);
  }

  /** Until `isDone`, which is asked now and then, or the end; returns when it stopped. */
  run(endMs: number, isDone: () => boolean): number {
    let nowMs = START_MS;
    let atOnce = 0;
    for (let count = 0; ; count += 1) {
      this.#tasks.sort((a, b) => b.atMs - a.atMs || b.order - a.order);
      const task = this.#tasks.pop();
      if (task === undefined || task.atMs >= endMs || (count % 64 === 0 && isDone())) return nowMs;
      atOnce = task.atMs === nowMs ? atOnce + 1 : 0;
      if (atOnce > 10_000) throw new RangeError("time stands still");
      nowMs = task.atMs;
      task.run(nowMs);
    }
  }

  broadcast(from: number, bytes: Uint8Array, nowMs: number): void {
    this.#recorded.push(bytes);
    this.#transmit(from, bytes, nowMs);
    if (this.#random.fraction() >= this.#weather.replays) return;
    const old = this.#recorded[Math.floor(this.#random.fraction() * this.#recorded.length)];
    if (old !== undefined) for (const to of this.people.keys()) this.#deliver(to, old, nowMs);
  }

  #transmit(from: number, bytes: Uint8Array, nowMs: number): void {
    const { loss, duplication } = this.#weather;
    for (const to of this.people.keys()) {
      if (to === from) continue;
      const copies = this.#random.fraction() < duplication ? 2 : 1;
      for (let copy = 0; copy < copies; copy += 1) {
        if (this.#random.fraction() < loss || this.#isSplit(from, nowMs) || this.#isSplit(to, nowMs)) continue;
        this.#deliver(to, bytes, nowMs);
      }
    }
  }

  #deliver(to: number, bytes: Uint8Array, nowMs: number): void {
    const delayMs = Math.floor(this.#random.fraction() * this.#weather.maxDelayMs);
    this.at(nowMs + delayMs, (arrivedMs) => this.#arrive(to, bytes, arrivedMs));
  }

  #arrive(who: number, bytes: Uint8Array, nowMs: number): void {
    const person = this.#person(who);
    for (const event of person.receive(bytes, this.#clock(who, nowMs))) {
      if (event.kind !== "acknowledged") continue;
      const isTrue = this.people.find(({ name }) => name === event.by)?.keeps(event.messageId);
      if (isTrue !== true) throw new RangeError("acknowledged by somebody who can still lose it");
    }
    if (this.#random.fraction() < this.#weather.promptness) person.commit();
    this.#plan(who, nowMs);
  }

  #wakeUp(who: number, nowMs: number): void {
    const [person, timer] = [this.#person(who), this.#timer(who)];
    if (timer.plannedMs > nowMs) return;
    timer.plannedMs = Number.POSITIVE_INFINITY;
    const ownMs = this.#clock(who, nowMs);
    for (const bytes of person.wakeUp(ownMs)) this.broadcast(who, bytes, nowMs);
    const isPeriodic = timer.syncAtMs <= nowMs;
    const isOwed = timer.acknowledgeAtMs <= nowMs && owesAcknowledgement(person.state);
    const asks = person.rules.repair !== undefined && requestsDue(person.state, ownMs);
    if (timer.acknowledgeAtMs <= nowMs) timer.acknowledgeAtMs = Number.POSITIVE_INFINITY;
    if (isPeriodic) timer.syncAtMs = nowMs + SYNC_EVERY_MS;
    const bytes = isPeriodic || isOwed || asks ? person.sync(ownMs, { isPeriodic }) : undefined;
    if (bytes !== undefined) this.broadcast(who, bytes, nowMs);
    this.#plan(who, nowMs);
  }

  #plan(who: number, nowMs: number): void {
    const [{ state, rules }, timer] = [this.#person(who), this.#timer(who)];
    if (owesAcknowledgement(state) && timer.acknowledgeAtMs === Number.POSITIVE_INFINITY) {
      timer.acknowledgeAtMs = nowMs + acknowledgementDelayMs(this.#random.bytes);
    }
    const ownDueMs = nextWakeUpMs(state, rules.deadlineMs, rules.causal?.holdMs) ?? Number.POSITIVE_INFINITY;
    const dueMs = ownDueMs - this.#clock(who, 0);
    const atMs = Math.max(nowMs, Math.min(dueMs, timer.acknowledgeAtMs, timer.syncAtMs));
    if (atMs >= timer.plannedMs || atMs === Number.POSITIVE_INFINITY) return;
    timer.plannedMs = atMs;
    this.at(atMs, (laterMs) => this.#wakeUp(who, laterMs));
  }

  #clock(who: number, nowMs: number): number {
    return nowMs + (this.#weather.skewsMs[who % this.people.length] ?? 0);
  }

  #sentBy({ name }: Participant): string[] {
    return [...this.truth].flatMap(([messageId, { sender }]) => (sender === name ? [messageId] : []));
  }

  #isSplit(who: number, nowMs: number): boolean {
    return this.#weather.partitions.some((partition) => {
      const startMs = START_MS + partition.afterMs;
      return partition.who % this.people.length === who && nowMs >= startMs && nowMs < startMs + partition.forMs;
    });
  }

  #person(who: number): Participant {
    const person = this.people[who % this.people.length];
    if (person === undefined) throw new RangeError("nobody there");
    return person;
  }

  #timer(who: number): Timers {
    const timer = this.#timers[who % this.#timers.length];
    if (timer === undefined) throw new RangeError("nobody there");
    return timer;
  }
}
