/**
 * A process of its own, started with `--expose-gc`, that takes hostile input and measures what it makes the process
 * hold. Its one argument is a {@link ChildOrder}; it prints a {@link ChildResult} or ends with an error.
 * @module
 */
import { Reassembler } from "@chat/segmentation";
import { WireWriter } from "../fuzz/wire-writer.ts";
import { Random } from "../random.ts";
import { SCENARIOS } from "./scenarios.ts";

export type ChildOrder = {
  readonly seed: number;
  readonly batch: number;
  readonly inputBytes: number;
  /** Numbers in {@link SCENARIOS}; they follow each other in one reassembler and share the input by their weights. */
  readonly scenarios: readonly number[];
  readonly maxMessageSize: number;
  /** Absent: the default, of this and of all other bounds. */
  readonly maxBufferedBytes?: number;
};

export type ChildResult = {
  readonly calls: number;
  readonly samples: readonly Sample[];
};

/** In bytes, after a collection; `resident` and `reachable` beyond what they were before the input. */
export type Sample = {
  readonly scenario: string;
  /** Of the process, as the operating system counts it: also what the allocators do not give back. */
  readonly resident: number;
  /** JavaScript heap and array buffers in use: also what is reserved and was never touched. */
  readonly reachable: number;
  /** As the reassembler counts it. */
  readonly buffered: number;
};

const MIB = 2 ** 20;
const SAMPLE_EVERY_BYTES = MIB;
const WARM_UP_BYTES = MIB / 2;

const order = JSON.parse(process.argv[2] ?? "") as ChildOrder;
console.log(JSON.stringify(run(order)));

function run({ seed, batch, inputBytes, scenarios, maxMessageSize, maxBufferedBytes }: ChildOrder): ChildResult {
  const random = new Random(seed, batch);
  const writer = new WireWriter();
  // Code is compiled and loaded, the writer's buffer is touched; the input of this is thrown away.
  const small = { maxMessageSize, wrap: "always", maxBufferedBytes: MIB, maxSets: 1e6, maxSetsPerSender: 1e6 } as const;
  feed(new Reassembler(small), scenarios, WARM_UP_BYTES, () => {});
  const before = memory();

  const bounds =
    maxBufferedBytes === undefined ? {} : { maxBufferedBytes, maxBufferedBytesPerSender: maxBufferedBytes };
  const counts = maxBufferedBytes === undefined ? {} : { maxSets: 1e6, maxSetsPerSender: 1e6 };
  const reassembler = new Reassembler({ maxMessageSize, wrap: "always", ...bounds, ...counts });
  const samples: Sample[] = [];
  const calls = feed(reassembler, scenarios, inputBytes, (scenario) => {
    const now = memory();
    samples.push({
      scenario,
      resident: now.resident - before.resident,
      reachable: now.reachable - before.reachable,
      buffered: reassembler.bufferedBytes,
    });
  });
  return { calls, samples };

  /** Calls `sample` now and then, and at the end of each scenario. */
  function feed(target: Reassembler, numbers: readonly number[], bytes: number, sample: (scenario: string) => void) {
    const chosen = numbers.flatMap((number) => SCENARIOS[number] ?? []);
    const weights = chosen.reduce((sum, { weight = 1 }) => sum + weight, 0);
    let calls = 0;
    for (const { name, weight = 1, begin } of chosen) {
      const next = begin(random);
      const share = (bytes * weight) / weights;
      let sampledAt = 0;
      for (let taken = 0; taken < share; calls += 1) {
        const sender = next(writer.reset());
        target.accept(writer.bytes, { sender, nowMs: 0 });
        // A message is never nothing: what carries it costs as well.
        taken += writer.length + 1;
        if (taken - sampledAt < SAMPLE_EVERY_BYTES) continue;
        sampledAt = taken;
        sample(name);
      }
      sample(name);
    }
    return calls;
  }
}

function memory(): { resident: number; reachable: number } {
  // As before running out of memory: also array buffers of the dead, and pages that hold little, are given back.
  globalThis.gc?.({ type: "major", execution: "sync", flavor: "last-resort" });
  const { rss, heapUsed, external } = process.memoryUsage();
  return { resident: rss, reachable: heapUsed + external };
}
