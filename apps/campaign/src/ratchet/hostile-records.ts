/**
 * What the ratchet keeps beside its states, invites and peers, read back from damaged bytes.
 * @module
 */
import {
  addSession,
  createInvite,
  decodeOwnInvite,
  decodePeer,
  encodeOwnInvite,
  encodePeer,
  generateKemKeyPair,
  generateKeyPair,
  noteOpened,
  type OwnInvite,
  openPeer,
} from "@chat/ratchet";
import { Random } from "../random.ts";
import { hostileSnapshot } from "./hostile-inputs.ts";
import { hex, isEqual } from "./odd-bytes.ts";

const NOW_MS = 1_800_000_000_000;

/** How a record is read, what it is then written as, and honest ones. */
type RecordKind = {
  readonly name: string;
  readonly samples: readonly Uint8Array[];
  reread(bytes: Uint8Array): Uint8Array;
};

const sampling = new Random(1, 1);
const draw = (length: number) => sampling.bytes(length);

const RECORDS: readonly RecordKind[] = [
  {
    name: "invite",
    samples: [
      invite({ use: "multi" }),
      { ...invite({ use: "single", peer: generateKeyPair(draw).publicKey }), closedAtMs: NOW_MS },
      invite({ hybrid: true }),
    ].map(encodeOwnInvite),
    reread: (bytes) => encodeOwnInvite(decodeOwnInvite(bytes)),
  },
  {
    name: "peer",
    samples: peers(),
    reread: (bytes) => encodePeer(decodePeer(bytes)),
  },
];

/**
 * @param read - calls, and gives undefined for a record that is refused as documented
 * @throws Error if a record has two forms @returns the name to count
 */
export function tryRecord(random: Random, read: (call: () => Uint8Array) => Uint8Array | undefined): string {
  const { name, samples, reread } = random.pick(RECORDS);
  const bytes = hostileSnapshot(random, samples);
  const again = read(() => reread(bytes));
  if (again && !isEqual(again, bytes)) throw new Error(`${name} has two forms: ${hex(bytes)}`);
  return `${name}.${again ? "read" : "refused"}`;
}

function invite(options: { use?: "single" | "multi"; hybrid?: boolean; peer?: Uint8Array }): OwnInvite {
  const created = createInvite(new Map(), { nowMs: NOW_MS, random: draw, ...options });
  if (created.kind !== "created") throw new Error("invite: want one, got a refusal");
  const handshakes = [true, false].map((isAnswered) => ({ id: hex(draw(16)), isAnswered, isSettled: false }));
  return { ...created.invite, handshakes };
}

/** One that is only known, and one with two sessions and a hybrid invite of theirs. */
function peers(): Uint8Array[] {
  const [key, prekey, dh] = [generateKeyPair(draw), generateKeyPair(draw), generateKeyPair(draw)];
  const known = openPeer(key.publicKey);
  const kemKey = generateKemKeyPair(draw).publicKey;
  const ids = [hex(draw(18)), hex(draw(18))] as const;
  let peer = known;
  for (const [index, role] of (["initiator", "responder"] as const).entries()) {
    peer = addSession(peer, { id: ids[index] ?? "", base: draw(18), role }, { nowMs: NOW_MS + index }).peer;
  }
  const message = { dh: dh.publicKey, messageNumber: 3, previousChainLength: 0, ciphertext: draw(40) };
  peer = noteOpened(peer, ids[0], message, { nowMs: NOW_MS + 2 }).peer;
  const offered = [{ inviteId: hex(prekey.publicKey), sessionId: ids[0] }];
  return [known, { ...peer, offered, received: { identity: key.publicKey, prekey: prekey.publicKey, kemKey } }].map(
    encodePeer,
  );
}
