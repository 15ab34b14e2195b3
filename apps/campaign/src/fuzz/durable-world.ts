/**
 * A receiver that ends and begins again at random, over a store that fails at random, between honest senders and
 * hostile ones: what it said it holds is never lost, and what was taken never comes again.
 * @module
 */
import {
  type CompletedSet,
  DurableReassembler,
  MemoryPartialSetStore,
  type PartialSetStore,
  Segmenter,
  type StoredSegment,
} from "@chat/segmentation";
import type { Random } from "../random.ts";
import { MUTATIONS } from "./mutations.ts";
import { type ReadSegment, readSegment } from "./reference-reader.ts";
import { check, equal, OracleError } from "./watched-reassembler.ts";
import type { WireWriter } from "./wire-writer.ts";

const STEPS = 300;
const STEP_MS = 20;
const TIMEOUT_MS = 300_000;
const MUTATION_NAMES = Object.keys(MUTATIONS);

type Honest = { readonly payload: Uint8Array; readonly arriving: Uint8Array[]; isWhole: boolean };

/** What the store throws. */
class StoreFailure extends Error {
  override readonly name = "StoreFailure";
}

export async function runDurableWorld(random: Random, writer: WireWriter, counts: Record<string, number>) {
  await new DurableWorld(random, writer, counts).run();
}

class DurableWorld {
  readonly #random: Random;
  readonly #writer: WireWriter;
  readonly #counts: Record<string, number>;
  readonly #store: FailingStore;
  readonly #options;
  readonly #honest: Honest[];
  readonly #messages: Uint8Array[] = [];
  readonly #segments: ReadSegment[] = [];
  /** By key: complete for the application, which has not said yet that it took them. */
  readonly #untaken = new Map<string, Uint8Array>();
  readonly #taken = new Set<string>();
  #nowMs = 1_700_000_000_000;

  constructor(random: Random, writer: WireWriter, counts: Record<string, number>) {
    this.#random = random;
    this.#writer = writer;
    this.#counts = counts;
    this.#store = new FailingStore(random);
    const maxMessageSize = random.pick([187, 507, 1_083]);
    const sizes = { maxMessageSize, wrap: "always", blind: random.chance(0.25) } as const;
    this.#options = { ...sizes, timeoutMs: TIMEOUT_MS, random: (length: number) => random.bytes(length) };
    const segmenter = new Segmenter({
      ...sizes,
      parity: random.pick(["seven-eighths", "none", { rate: 0.5 }] as const),
    });
    this.#honest = Array.from({ length: random.between(1, 4) }, () => {
      // Longer than nothing, so that no two are equal.
      const payload = random.bytes(random.between(16, 20 * segmenter.chunkSize));
      const messages = [...segmenter.segment(payload)];
      this.#messages.push(...messages);
      return { payload, arriving: random.shuffle([...messages]), isWhole: false };
    });
    for (const message of this.#messages) this.#segments.push(readSegment(message) ?? fail("segmenter: not a segment"));
  }

  async run(): Promise<void> {
    const random = this.#random;
    let reassembler = await this.#open();
    for (let step = 0; step < STEPS; step += 1) {
      this.#nowMs += random.below(STEP_MS);
      this.#store.fails = random.chance(0.05);
      if (random.chance(0.02)) {
        this.#store.fails = false;
        reassembler = await this.#open();
      } else if (random.chance(0.4)) await this.#deliverHonest(reassembler);
      else await this.#deliverMutated(reassembler);
      if (random.chance(0.3)) await this.#takeAll(reassembler);
    }
    this.#store.fails = false;
    while (this.#honest.some(({ arriving }) => arriving.length > 0)) await this.#deliverHonest(reassembler);
    reassembler = await this.#open();
    await this.#takeAll(reassembler);
    for (const { isWhole } of this.#honest) check(isWhole, () => "durable: an honest payload did not become whole");
    await reassembler.expire(this.#nowMs + 2 * TIMEOUT_MS);
    const left = await this.#store.count();
    check(left === 0, () => `durable: ${left} rows are left in the store`);
    this.#count("worlds.durable");
  }

  /** As after the end of the process: what was complete and not taken is complete again. */
  async #open(): Promise<DurableReassembler> {
    const reassembler = await DurableReassembler.open({ ...this.#options, store: this.#store });
    const recovered = new Map(reassembler.recovered().map((each) => [keyOf(each.sender, each.setId), each.payload]));
    for (const [key, payload] of this.#untaken) {
      const again = recovered.get(key);
      check(again !== undefined && equal(again, payload), () => "durable: a complete payload is lost after a restart");
    }
    for (const [key, payload] of recovered) {
      check(!this.#taken.has(key), () => "durable: a payload that was taken is complete again after a restart");
      this.#untaken.set(key, payload);
      this.#notice(key, payload);
    }
    this.#count("durable.opened");
    return reassembler;
  }

  async #deliverHonest(reassembler: DurableReassembler): Promise<void> {
    const waiting = this.#honest.filter(({ arriving }) => arriving.length > 0);
    if (waiting.length === 0) return;
    const { arriving } = this.#random.pick(waiting);
    const message = arriving.at(-1) ?? fail("no message");
    // What was not stored comes again.
    if (await this.#accept(reassembler, message, "honest")) arriving.pop();
  }

  async #deliverMutated(reassembler: DurableReassembler): Promise<void> {
    const random = this.#random;
    const material = { messages: this.#messages, segments: this.#segments, inventions: [] };
    const { maxMessageSize } = this.#options;
    const write = MUTATIONS[random.pick(MUTATION_NAMES)];
    write?.({ ...material, random, writer: this.#writer.reset(), maxMessageSize });
    await this.#accept(reassembler, this.#writer.bytes, `hostile ${random.below(2)}`);
    this.#count("durable.mutated");
  }

  /** Whether the store took it. */
  async #accept(reassembler: DurableReassembler, bytes: Uint8Array, sender: string): Promise<boolean> {
    try {
      const result = await reassembler.accept(bytes, { sender, nowMs: this.#nowMs });
      if (result.kind !== "complete" || result.setId === undefined) return true;
      const key = keyOf(sender, result.setId);
      check(!this.#taken.has(key), () => "durable: a payload that was taken is complete again");
      check(!this.#untaken.has(key), () => "durable: a payload is complete for the second time");
      this.#untaken.set(key, result.payload);
      this.#notice(key, result.payload);
      return true;
    } catch (error) {
      if (!(error instanceof StoreFailure)) throw error;
      this.#count("durable.storeFailures");
      return false;
    }
  }

  async #takeAll(reassembler: DurableReassembler): Promise<void> {
    // What a failed store made memory forget is loaded again by then.
    for (const { payload, sender, setId } of reassembler.recovered()) {
      const key = keyOf(sender, setId);
      this.#untaken.set(key, payload);
      this.#notice(key, payload);
    }
    for (const key of [...this.#untaken.keys()]) {
      const [sender = "", setId = ""] = key.split("\n");
      try {
        await reassembler.taken({ sender, setId, nowMs: this.#nowMs });
      } catch (error) {
        if (!(error instanceof StoreFailure)) throw error;
        continue;
      }
      this.#untaken.delete(key);
      this.#taken.add(key);
    }
  }

  #notice(key: string, payload: Uint8Array): void {
    const set = this.#honest.find((honest) => equal(honest.payload, payload));
    check(set !== undefined || !key.startsWith("honest"), () => "durable: not a payload that was sent");
    if (set !== undefined && key.startsWith("honest")) set.isWhole = true;
  }

  #count(name: string): void {
    this.#counts[name] = (this.#counts[name] ?? 0) + 1;
  }
}

/** Fails before it does anything, as a database that rolls back. */
class FailingStore implements PartialSetStore {
  readonly #store = new MemoryPartialSetStore();
  readonly #random: Random;
  fails = false;

  constructor(random: Random) {
    this.#random = random;
  }

  async count(): Promise<number> {
    let rows = 0;
    for await (const _ of this.#store.segments()) rows += 1;
    for await (const _ of this.#store.completed()) rows += 1;
    return rows;
  }

  segments(): AsyncIterable<StoredSegment> {
    return this.#store.segments();
  }

  completed(): AsyncIterable<CompletedSet> {
    return this.#store.completed();
  }

  async add(segment: StoredSegment): Promise<void> {
    this.#mayFail();
    await this.#store.add(segment);
  }

  async remove(setId: string, sender: string): Promise<void> {
    this.#mayFail();
    await this.#store.remove(setId, sender);
  }

  async complete(set: CompletedSet): Promise<void> {
    this.#mayFail();
    await this.#store.complete(set);
  }

  async forgetCompleted(beforeMs: number): Promise<void> {
    this.#mayFail();
    await this.#store.forgetCompleted(beforeMs);
  }

  #mayFail(): void {
    if (this.fails && this.#random.chance(0.7)) throw new StoreFailure("the disk is full");
  }
}

function keyOf(sender: string | undefined, setId: string): string {
  return `${sender ?? ""}\n${setId}`;
}

function fail(what: string): never {
  throw new OracleError(what);
}
