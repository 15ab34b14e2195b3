/**
 * Two peers under virtual time over a network that loses, repeats and reorders. Peers are restored from their snapshot
 * after every step.
 */
import { expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  acknowledgementDelayMs,
  decodeState,
  encodeState,
  expireGaps,
  nextWakeUpMs,
  owesAcknowledgement,
  retransmissionsDue,
  retransmitted,
  type SdsEvent,
} from "../src/index.ts";
import { Peer, parsed } from "./peer.ts";
import { type Seeded, seeded } from "./seeded.ts";

const START_MS = 1_795_000_000_000;
const MINUTE_MS = 60_000;
const DEADLINE_MS = 365 * 24 * 60 * MINUTE_MS;
/** Long after everything must have arrived; what still happens then is a defect that would not end by itself. */
const END_MS = START_MS + 7 * 24 * 60 * MINUTE_MS;

type Faults = { readonly loss: number; readonly duplication: number; readonly maxDelayMs: number };
type Sending = { readonly side: "I" | "R"; readonly afterMs: number };
type Task = { readonly atMs: number; readonly order: number; readonly run: (nowMs: number) => void };

class Simulation {
  readonly peers = { I: new Peer("I"), R: new Peer("R") };
  readonly events: { side: "I" | "R"; event: SdsEvent }[] = [];
  readonly #random: Seeded;
  readonly #faults: Faults;
  readonly #tasks: Task[] = [];
  readonly #isAcknowledging = { I: false, R: false };
  readonly #wakeUpMs: { I: number | undefined; R: number | undefined } = { I: undefined, R: undefined };
  #order = 0;

  constructor(seed: number, faults: Faults) {
    this.#random = seeded(seed);
    this.#faults = faults;
  }

  at(atMs: number, run: (nowMs: number) => void): void {
    this.#tasks.push({ atMs, order: this.#order++, run });
  }

  /** Runs until nothing is planned before the end. */
  run(): void {
    for (let task = this.#next(); task !== undefined && task.atMs < END_MS; task = this.#next()) task.run(task.atMs);
  }

  send(side: "I" | "R", text: string, nowMs: number): void {
    this.#transmit(side, this.peers[side].send(text, nowMs).bytes, nowMs);
    this.#plan(side, nowMs);
  }

  #next(): Task | undefined {
    this.#tasks.sort((a, b) => b.atMs - a.atMs || b.order - a.order);
    return this.#tasks.pop();
  }

  #transmit(from: "I" | "R", bytes: Uint8Array, nowMs: number): void {
    const { loss, duplication, maxDelayMs } = this.#faults;
    const copies = this.#random.fraction() < duplication ? 2 : 1;
    for (let copy = 0; copy < copies; copy += 1) {
      if (this.#random.fraction() < loss) continue;
      const delayMs = Math.floor(this.#random.fraction() * maxDelayMs);
      this.at(nowMs + delayMs, (arrivedMs) => this.#arrive(from === "I" ? "R" : "I", bytes, arrivedMs));
    }
  }

  #arrive(side: "I" | "R", bytes: Uint8Array, nowMs: number): void {
    for (const event of this.peers[side].receive(bytes, nowMs)) this.events.push({ side, event });
    this.#plan(side, nowMs);
  }

  /** What the timers of the SDK do. */
  #plan(side: "I" | "R", nowMs: number): void {
    const peer = this.peers[side];
    const restored = decodeState(encodeState(peer.state));
    expect(restored).toEqual(peer.state);
    peer.state = restored;
    if (owesAcknowledgement(peer.state) && !this.#isAcknowledging[side]) {
      this.#isAcknowledging[side] = true;
      this.at(nowMs + acknowledgementDelayMs(this.#random.bytes), (dueMs) => {
        this.#isAcknowledging[side] = false;
        if (owesAcknowledgement(peer.state)) this.#transmit(side, peer.acknowledge(dueMs), dueMs);
        this.#plan(side, dueMs);
      });
    }
    const wakeUpMs = nextWakeUpMs(peer.state, DEADLINE_MS);
    if (wakeUpMs === undefined || wakeUpMs === this.#wakeUpMs[side]) return;
    this.#wakeUpMs[side] = wakeUpMs;
    this.at(wakeUpMs, (dueMs) => {
      for (const id of retransmissionsDue(peer.state, dueMs)) {
        this.#transmit(side, peer.sent.get(id) ?? new Uint8Array(), dueMs);
        peer.state = retransmitted(peer.state, id, { nowMs: dueMs, random: this.#random.bytes });
      }
      peer.state = expireGaps(peer.state, dueMs, DEADLINE_MS).state;
      this.#plan(side, dueMs);
    });
  }
}

const faults = fc.record({
  loss: fc.double({ min: 0, max: 0.5, noNaN: true }),
  duplication: fc.double({ min: 0, max: 0.5, noNaN: true }),
  maxDelayMs: fc.integer({ min: 1, max: 2 * MINUTE_MS }),
});
const sendings: fc.Arbitrary<Sending[]> = fc.array(
  fc.record({ side: fc.constantFrom("I", "R"), afterMs: fc.nat(10 * MINUTE_MS) }),
  { minLength: 1, maxLength: 40 },
);

test("every content arrives exactly once, is acknowledged exactly once, and nothing stays open", () => {
  const reliable = fc.property(fc.integer(), faults, sendings, (seed, network, plan) => {
    const simulation = new Simulation(seed, network);
    plan.forEach(({ side, afterMs }, index) => {
      simulation.at(START_MS + afterMs, (nowMs) => simulation.send(side, `message ${index}`, nowMs));
    });
    simulation.run();

    const { I, R } = simulation.peers;
    const idsOf = (side: "I" | "R", kind: SdsEvent["kind"]) =>
      simulation.events
        .flatMap(({ side: at, event }) =>
          at === side && event.kind === kind && "messageId" in event ? [event.messageId] : [],
        )
        .sort();
    for (const [sender, from, to] of [
      [I, "I", "R"],
      [R, "R", "I"],
    ] as const) {
      const sent = [...sender.sent.keys()].sort();
      expect(idsOf(to, "content")).toEqual(sent);
      expect(idsOf(from, "acknowledged")).toEqual(sent);
      expect(idsOf(to, "found")).toEqual(idsOf(to, "missing"));
      expect(sender.state).toMatchObject({ outstanding: [], missing: [], toAcknowledge: [] });
      expect(idsOf(from, "discarded")).toEqual([]);
    }
  });
  fc.assert(reliable, { numRuns: 150 });
}, 30_000);

test("what is missing is exactly what arrived messages name and did not arrive", () => {
  const script = fc.array(
    fc.record({ side: fc.constantFrom("I" as const, "R" as const), arrives: fc.boolean(), sync: fc.boolean() }),
    { maxLength: 60 },
  );
  const truthful = fc.property(script, (steps) => {
    const peers = { I: new Peer("I"), R: new Peer("R") };
    const named = { I: new Set<string>(), R: new Set<string>() };
    steps.forEach(({ side, arrives, sync }, step) => {
      const nowMs = START_MS + step;
      const sender = peers[side];
      const other = side === "I" ? "R" : "I";
      const isSync = sync && owesAcknowledgement(sender.state);
      const bytes = isSync ? sender.acknowledge(nowMs) : sender.send(`message ${step}`, nowMs).bytes;
      if (!arrives) return;
      peers[other].receive(bytes, nowMs);
      for (const id of parsed(bytes).history) named[other].add(id);
    });
    for (const side of ["I", "R"] as const) {
      const truth = [...named[side]].filter((id) => !peers[side].known.has(id)).sort();
      expect(peers[side].state.missing.map(({ messageId }) => messageId).sort()).toEqual(truth);
    }
  });
  fc.assert(truthful, { numRuns: 300 });
});

test("hours without any connection leave one small state", () => {
  const simulation = new Simulation(1, { loss: 1, duplication: 0, maxDelayMs: 1 });
  for (let index = 0; index < 20; index += 1) simulation.peers.I.send(`message ${index}`, START_MS);
  const { I } = simulation.peers;
  for (let nowMs = START_MS; nowMs < START_MS + 24 * 60 * MINUTE_MS; nowMs += MINUTE_MS) {
    for (const id of retransmissionsDue(I.state, nowMs)) {
      I.state = retransmitted(I.state, id, { nowMs, random: I.random });
    }
  }
  expect(I.state.outstanding).toHaveLength(20);
  // 30 s doubling takes 8 attempts to reach 48 minutes; then about 29 in the rest of the day.
  for (const { attempts } of I.state.outstanding) expect(attempts).toBeLessThan(40);
  expect(encodeState(I.state).length).toBe(50 + 16 + 20 * 26);
});
