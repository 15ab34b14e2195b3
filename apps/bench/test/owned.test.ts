import { expect, test } from "@jest/globals";
import { Owned } from "../src/e2e/owned.ts";

test("what was opened is released once, the last one first, also when one of them fails", async () => {
  const released: string[] = [];
  const resource = (name: string, failure?: Error) => ({
    [Symbol.asyncDispose]: async () => {
      released.push(name);
      if (failure !== undefined) throw failure;
    },
  });
  const owned = new Owned();
  for (const each of [resource("first"), resource("second", new Error("stuck")), resource("third")]) owned.use(each);
  await expect(owned[Symbol.asyncDispose]()).rejects.toThrow("stuck");
  await owned[Symbol.asyncDispose]();
  expect(released).toEqual(["third", "second", "first"]);
});
