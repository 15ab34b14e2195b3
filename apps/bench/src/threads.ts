/**
 * Work that is shared out to threads.
 * @module
 */
import { once } from "node:events";
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";

/**
 * Each order goes to a thread of its own as `workerData`, as many at once as there are cores; the thread's first message
 * is the answer.
 *
 * @returns answers, in the order of the orders
 */
export async function askThreads<Order, Answer>(thread: URL, orders: readonly Order[]): Promise<Answer[]> {
  const answers: Answer[] = [];
  const waiting = [...orders.entries()];
  const takeTurns = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, order] = next;
      answers[index] = await ask(thread, order);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, takeTurns));
  return answers;
}

async function ask<Answer>(thread: URL, order: unknown): Promise<Answer> {
  const worker = new Worker(thread, { workerData: order });
  try {
    const [answer]: [Answer] = (await once(worker, "message")) as [Answer];
    return answer;
  } finally {
    await worker.terminate();
  }
}
