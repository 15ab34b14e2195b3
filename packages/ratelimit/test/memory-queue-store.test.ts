import { MemoryQueue, openMemoryQueue } from "../src/index.ts";
import { describeQueueStore } from "../src/testing.ts";

describeQueueStore("the queue in memory", async () => {
  const queue = new MemoryQueue();
  return { open: () => openMemoryQueue(queue), async [Symbol.asyncDispose]() {} };
});
