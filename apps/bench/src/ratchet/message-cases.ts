/**
 * Messages of 100 bytes, encrypted and decrypted in one process: in one direction, or with a DH step each.
 * @module
 */
import { createCrypto, createPortableCrypto } from "@chat/ratchet";
import type { BenchCase } from "../case.ts";
import { payloadOf } from "../segmentation/inputs.ts";
import { doubleRatchetTs } from "./double-ratchet-ts.ts";
import { measure, type OpenDuo, type Pattern } from "./duo.ts";
import { libsignal } from "./libsignal.ts";
import { openOlm } from "./olm.ts";
import { ours } from "./ours.ts";
import { twoKeyRatchet } from "./two-key-ratchet.ts";

export const MESSAGE_BYTES = 100;

type Peer = { readonly suffix: string; readonly peer: string; readonly open: OpenDuo; readonly note?: string };

const LIBSIGNAL: Peer = {
  suffix: "libsignal",
  peer: "@signalapp/libsignal-client",
  open: libsignal,
  note: "the peer also carries a post-quantum ratchet, serializes each message, and is asynchronous",
};
const STABLELIB: Peer = {
  suffix: "stablelib",
  peer: "@chat/ratchet on @stablelib alone",
  open: ours(createPortableCrypto({ kernels: "library" })),
};
const PERMISSIVE: readonly Peer[] = [
  { suffix: "olm", peer: "@matrix-org/olm", open: openOlm(), note: "the peer's messages are base64" },
  { suffix: "double-ratchet-ts", peer: "double-ratchet-ts", open: doubleRatchetTs },
  { suffix: "2key-ratchet", peer: "2key-ratchet", open: twoKeyRatchet, note: "the peer uses P-256 by WebCrypto" },
];

const NODE = { provider: "node", open: ours(createCrypto()) };
const PORTABLE = { provider: "portable", open: ours(createPortableCrypto()) };

function messageCase(
  pattern: Pattern,
  { provider, open }: { readonly provider: string; readonly open: OpenDuo },
  { suffix, peer, open: openPeer, note }: Peer,
): BenchCase {
  const way = pattern === "oneway" ? "all in one direction" : "each an answer";
  return {
    name: `${pattern}-100b-${provider}-${suffix}`,
    title: `messages of ${MESSAGE_BYTES} bytes, ${way}, by the ${provider} provider`,
    unit: "msg/s",
    better: "higher",
    peer,
    ...(note !== undefined && { note }),
    rounds: 9,
    limitMs: 60_000,
    prepare: async () => {
      const plaintext = payloadOf(MESSAGE_BYTES);
      const [our, their] = [await open(plaintext), await openPeer(plaintext)];
      return {
        ours: () => measure(our, pattern),
        theirs: () => measure(their, pattern),
        [Symbol.asyncDispose]: async () => {},
      };
    },
  };
}

export const messageCases: readonly BenchCase[] = [
  messageCase("oneway", NODE, LIBSIGNAL),
  messageCase("oneway", NODE, STABLELIB),
  messageCase("pingpong", NODE, LIBSIGNAL),
  messageCase("pingpong", NODE, STABLELIB),
  messageCase("oneway", PORTABLE, LIBSIGNAL),
  ...PERMISSIVE.map((peer) => messageCase("oneway", PORTABLE, peer)),
  ...PERMISSIVE.map((peer) => messageCase("pingpong", PORTABLE, peer)),
];
