/**
 * Area `ratchet`: whole messages through the Double Ratchet, beside ratchets of other people. README.md says what is like
 * for like and what is not.
 * @module
 */
import type { BenchArea } from "../case.ts";
import { chromiumCases } from "../ratchet/chromium-cases.ts";
import { handshakeCases } from "../ratchet/handshake-cases.ts";
import { largeCase } from "../ratchet/large-case.ts";
import { messageCases } from "../ratchet/message-cases.ts";

export const ratchet: BenchArea = {
  name: "ratchet",
  title: "messages encrypted and decrypted with the Double Ratchet, and the handshake before them",
  cases: [...messageCases, ...handshakeCases, largeCase, ...chromiumCases],
};
