import { expect, test } from "@jest/globals";
import { sizeOf, TransferLines } from "../src/transfer-lines.ts";

test("a file under way is one line for every quarter, whatever is told between", () => {
  const lines = new TransferLines();
  const at = (doneBytes: number) =>
    lines.next({
      ...({ type: "progress", messageId: "m", conversationId: "c", direction: "incoming" } as const),
      ...{ doneBytes, totalBytes: 2_000_000 },
    });
  const told = [0, 100_000, 499_999, 500_000, 600_000, 1_900_000, 2_000_000].map(at);
  expect(told).toEqual([
    ...[undefined, undefined, undefined, "25 % of 2.0 MB", undefined],
    ...["75 % of 2.0 MB", "100 % of 2.0 MB"],
  ]);
  expect(sizeOf(1200)).toBe("2 KB");
});
