import { expect, test } from "@jest/globals";
import { storeArea } from "../src/areas/store.ts";
import { runCase } from "../src/runner.ts";

const area = storeArea(11_000);

test.each(["receive-1-bare", "page-deep", "conversations", "search-common", "open", "size-payload"])(
  "%s is measured on both sides",
  async (name) => {
    const found = area.cases.find((each) => each.name === name);
    if (found === undefined) throw new RangeError(`case: want ${name}`);
    const { ours, theirs } = await runCase(found, { rounds: 1 });
    expect(ours.median).toBeGreaterThan(0);
    expect(theirs.median).toBeGreaterThan(0);
  },
  60_000,
);
