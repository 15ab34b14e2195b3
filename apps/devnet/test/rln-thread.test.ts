/** The thread that proves: given up, closed, broken. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "@jest/globals";
import { type MembershipFile, MembershipProver, readMembership } from "../src/index.ts";
import { RlnMembers } from "../src/rln/devnet-rln.ts";

const folder = mkdtempSync(join(tmpdir(), "devnet-rln-thread-"));
const group = new RlnMembers({ folder, messagesPerEpoch: 2, members: 1 }, () => {});
const membership = readMembership(group.memberships[0] ?? "");
const signal = Uint8Array.of(1);
const slot = { epoch: 1, index: 0 };
afterAll(() => rmSync(folder, { recursive: true }));

test("who gives up gets the reason, and the others their proofs", async () => {
  await using prover = new MembershipProver(membership);
  const stop = new AbortController();
  const given = prover.prove(signal, slot, { signal: stop.signal });
  const kept = prover.prove(signal, { ...slot, index: 1 });
  stop.abort(new Error("no longer wanted"));
  await expect(given).rejects.toThrow("no longer wanted");
  await expect(prover.prove(signal, slot, { signal: stop.signal })).rejects.toThrow("no longer wanted");
  expect((await kept).proof).toHaveLength(128);
});

test("a prover that is closed rejects what waits and what comes", async () => {
  const prover = new MembershipProver(membership);
  const waiting = prover.prove(signal, slot);
  const closed = prover.close();
  await expect(waiting).rejects.toMatchObject({ code: "CLOSED" });
  await closed;
  await prover.close();
  await expect(prover.prove(signal, slot)).rejects.toMatchObject({ code: "CLOSED" });
});

test("a thread that ends rejects what waits, and the next proof starts another", async () => {
  // No path may hold this character: the thread meets an error that it does not expect.
  await using prover = new MembershipProver({ ...membership, groupFile: "\0" });
  const both = [prover.prove(signal, slot), prover.prove(signal, slot)];
  for (const result of await Promise.allSettled(both)) {
    expect(result).toMatchObject({ status: "rejected", reason: { code: "RLN_BROKEN" } });
  }
  await expect(prover.prove(signal, slot)).rejects.toMatchObject({ code: "RLN_BROKEN" });
});

test.each<[string, Partial<MembershipFile>, string]>([
  ["no group", { groupFile: join(folder, "nowhere.json") }, "RLN_FILES_UNUSABLE"],
  ["another's secret", { secret: new Uint8Array(32).fill(7) }, "RLN_REFUSED"],
  ["a secret that is no number of the field", { secret: new Uint8Array(32).fill(255) }, "RLN_REFUSED"],
  ["another limit", { limit: 3 }, "RLN_REFUSED"],
  ["another position", { position: 1 }, "RLN_REFUSED"],
])("a membership with %s is refused, and its secret not told", async (_name, wrong, code) => {
  await using prover = new MembershipProver({ ...membership, ...wrong });
  const refused = await prover.prove(signal, slot).catch((error: unknown) => error);
  expect(refused).toMatchObject({ code });
  expect(String(refused)).not.toContain(Buffer.from(wrong.secret ?? membership.secret).toString("hex"));
});

test("a member may register later, and proofs hold against the group as it is then", async () => {
  await using prover = new MembershipProver(membership);
  const { merkleRoot } = await prover.prove(signal, slot);
  const later = readMembership(group.register(65_536));
  expect(later).toMatchObject({ limit: 65_536, position: 1 });
  expect((await prover.prove(signal, slot)).merkleRoot).not.toEqual(merkleRoot);
  expect(() => group.register(65_537)).toThrow(/limit: want an integer from 1 to 65536 .* got 65537/);
});
