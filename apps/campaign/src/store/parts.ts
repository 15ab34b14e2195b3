/**
 * The parts of a database, each with numbered steps of its own, and with all that can be read of it. The steps of a part
 * are applied in the order of their numbers, also when several are under way.
 * @module
 */
import { MemoryQueue, openMemoryQueue, type QueueChange, type QueueStore } from "@chat/ratelimit";
import { MemoryPartialSetStore, type PartialSetStore } from "@chat/segmentation";
import { openMemoryStore, type Store } from "@chat/store";
import { Random } from "../random.ts";
import { changeOf, contentOf } from "./workload.ts";

export type PartName = "chat" | "queue" | "sets";
export const PART_NAMES: readonly PartName[] = ["chat", "queue", "sets"];

export type Part = {
  step(number: number): Promise<void>;
  /** @param count - of the steps that have been made. Equal content gives values that are deeply equal. */
  content(count: number): Promise<unknown>;
};

/** A database, or what stands for one in memory. */
export type Whole = Pick<Store, "messages" | "secrets" | "write"> & {
  readonly queue: Pick<QueueStore, "load" | "commit" | "bytesOf">;
  readonly partialSets: PartialSetStore;
};

export async function openMemoryWhole(): Promise<Whole> {
  const store = openMemoryStore();
  return {
    messages: store.messages,
    secrets: store.secrets,
    write: (change) => store.write(change),
    queue: await openMemoryQueue(new MemoryQueue()),
    partialSets: new MemoryPartialSetStore(),
  };
}

export function partsOf(whole: Whole, seed: number): Readonly<Record<PartName, Part>> {
  const { queue, partialSets } = whole;
  return {
    chat: {
      step: (number) => whole.write(changeOf(seed, number)),
      content: (count) => contentOf(whole, count),
    },
    queue: {
      step: (number) => queue.commit(queueChangesOf(seed, number)),
      content: async (count) => {
        const recent = Array.from({ length: 60 }, (_, index) => `q${Math.max(0, count - index)}`);
        return { contents: await queue.load(), bytes: await Promise.all(recent.map((id) => queue.bytesOf(id))) };
      },
    },
    sets: {
      step: (number) => stepOfSets(partialSets, seed, number),
      content: async () => ({
        segments: await Array.fromAsync(partialSets.segments()),
        completed: await Array.fromAsync(partialSets.completed()),
      }),
    },
  };
}

/** A message comes, one gets a place, one ends, and one that ended is forgotten: all of it or nothing. */
function queueChangesOf(seed: number, number: number): QueueChange[] {
  const random = new Random(seed, number);
  const bytes = random.bytes(random.spread(1, 3_000));
  const record = { id: `q${number}`, sequence: number, priority: "normal", length: bytes.length } as const;
  const earlier = number - random.between(1, 20);
  return [
    { kind: "put", record: { ...record, attempts: 0, submittedAtMs: number }, bytes },
    { kind: "put", record: { ...record, attempts: 1, submittedAtMs: number, slot: { epoch: number, index: 0 } } },
    ...(earlier > 0
      ? [{ kind: "end", record: { id: `q${earlier}`, endedAtMs: number, outcome: { kind: "cancelled" } } } as const]
      : []),
    { kind: "forget", ids: [`q${number - 30}`, `q${number - 31}`] },
    { kind: "ledger", ledger: { floor: number, epochs: [] } },
  ];
}

async function stepOfSets(sets: PartialSetStore, seed: number, number: number): Promise<void> {
  const random = new Random(seed, number);
  const setId = `set ${random.below(6)}`;
  const kind = random.below(20);
  if (kind === 0) return sets.remove(setId, "peer");
  if (kind === 1) return sets.forgetCompleted(number - 50);
  if (kind < 5) return sets.complete({ setId, sender: "peer", completedAtMs: number });
  return sets.add({ setId, sender: "peer", bytes: random.bytes(random.spread(1, 6_000)), receivedAtMs: number });
}
