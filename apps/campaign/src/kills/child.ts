/**
 * Submits to a manager on SQLite until it is killed. The delivery service is the parent: every transmission goes there
 * in one write, so that it counts as soon as it is made, and comes back with the answer.
 * @module
 */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { writeSync } from "node:fs";
import { createInterface } from "node:readline";
import { DeliveryError, RateLimitManager, systemClock } from "@chat/ratelimit";
import { openStore } from "@chat/store-sqlite";
import {
  type Answer,
  bytesFor,
  type ChildOrder,
  type FromChild,
  type FromParent,
  type PlannedUnit,
} from "./protocol.ts";

const order: ChildOrder = JSON.parse(process.argv[2] ?? "");
const { path, messagesPerEpoch, epochMs, skewMs, units, until } = order;
const answers = new Map<number, (answer: Answer) => void>();
let calls = 0;

const input = createInterface(process.stdin).on("line", (line) => {
  const { call, answer }: FromParent = JSON.parse(line);
  answers.get(call)?.(answer);
  answers.delete(call);
});

await using store = await openStore({ path, key: new Uint8Array(32).fill(7) });
await using manager = await RateLimitManager.open({
  store: store.queue,
  delivery: {
    async deliver({ id, bytes, slot }) {
      const call = calls++;
      const answered = new Promise<Answer>((resolve) => answers.set(call, resolve));
      tell({ kind: "deliver", call, id, ...slot, hash: createHash("sha256").update(bytes).digest("hex") });
      const answer = await answered;
      if (answer.kind === "taken") return answer.receipt;
      throw new DeliveryError("the service refused it", { isTemporary: answer.isTemporary });
    },
  },
  source: {
    read(nowMs) {
      const epoch = Math.floor(nowMs / epochMs);
      return { epoch, limit: messagesPerEpoch, endsAtMs: (epoch + 1) * epochMs };
    },
  },
  clock: { nowMs: () => Date.now() + skewMs, after: systemClock.after },
  firstPauseMs: 10,
  longestPauseMs: 100,
  // A message that is killed with its process again and again is not given up.
  maxAttempts: 1_000,
});
manager.onError((error) => tell({ kind: "problem", message: String(error) }));
tell({ kind: "open" });

const submitters = Array.from({ length: 4 }, (_, lane) => submitLane(units.filter((_, index) => index % 4 === lane)));
await Promise.all(submitters);
if (until !== undefined) {
  for (const id of until) {
    if (manager.status(id) === undefined) continue; // lost: submitting it would hide that
    const known = await manager.submit({ id, bytes: bytesFor(id) });
    await known.ended();
  }
  tell({ kind: "ended", statuses: until.map((id) => [id, manager.status(id) ?? null]) });
  input.close();
} else await once(input, "close"); // delivering until it is killed

async function submitLane(lane: readonly PlannedUnit[]): Promise<void> {
  for (const { ids, priority } of lane) {
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 20));
    const messages = ids.map((id) => ({ id, bytes: bytesFor(id) }));
    const [first] = messages;
    if (first !== undefined && messages.length === 1) await manager.submit(first, { priority });
    else await submitBatch(messages, priority);
    tell({ kind: "acknowledged", ids });
  }
}

/** A batch that an earlier process stored and could not acknowledge is there with all of its messages. */
async function submitBatch(messages: { id: string; bytes: Uint8Array }[], priority: PlannedUnit["priority"]) {
  const known = messages.filter(({ id }) => manager.status(id) !== undefined);
  if (known.length === 0) await manager.submitBatch(messages, { priority });
  else if (known.length < messages.length) {
    tell({ kind: "problem", message: `batch: want all or none, got ${known.length} of ${messages.length}` });
  }
}

function tell(line: FromChild): void {
  writeSync(1, `${JSON.stringify(line)}\n`);
}
