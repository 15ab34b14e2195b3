import { describe, expect, test } from "@jest/globals";
import { nextWakeUpMs, receive, retransmissionsDue, SdsError, withdraw } from "../src/index.ts";
import { Peer, parsed } from "./peer.ts";

const DAY_MS = 86_400_000;

describe("withdraw", () => {
  test("what was sent is not sent again, and what was not is untouched", () => {
    const alice = new Peer("I");
    const [first, second] = [alice.send("one", 0), alice.send("two", 0)];
    const { state, withdrawn, released } = withdraw(alice.state, new Set([first.messageId, "unknown"]), 1_000);
    expect([withdrawn, released]).toEqual([[], []]);
    expect(retransmissionsDue(state, DAY_MS)).toEqual([second.messageId]);
  });

  test("what is missing is neither waited for nor lost", () => {
    const [alice, bob] = [new Peer("I"), new Peer("R")];
    const lost = alice.send("one", 0);
    bob.receive(alice.send("two", 1).bytes, 2);
    expect(bob.state.missing.map(({ messageId }) => messageId)).toEqual([lost.messageId]);
    const { state, withdrawn } = withdraw(bob.state, new Set([lost.messageId]), 3);
    expect(withdrawn).toEqual([lost.messageId]);
    expect(state.missing).toEqual([]);
    expect(nextWakeUpMs(state, DAY_MS)).toBeUndefined();
  });

  test("what was held for it alone is handed out", () => {
    const [alice, bob] = [new Peer("I"), new Peer("R")];
    const lost = alice.send("one", 0);
    const held = alice.send("two", 1);
    const options = { nowMs: 2, isKnown: () => false, causal: { holdMs: 4_000 } };
    const early = receive(bob.state, parsed(held.bytes), options);
    expect(early.state.held.map(({ messageId }) => messageId)).toEqual([held.messageId]);
    const { state, released } = withdraw(early.state, new Set([lost.messageId]), 3, 4_000);
    expect(released).toEqual([{ kind: "released", messageId: held.messageId }]);
    expect(state.held).toEqual([]);
  });

  test("a time that is none is refused", () => {
    expect(() => withdraw(new Peer("I").state, new Set(), 0.5)).toThrow(SdsError);
  });
});
