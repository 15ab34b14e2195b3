/**
 * The signed record by which others find a node: its key, addresses, shards and services.
 * Specs: EIP-778 (identity scheme v4), 31/WAKU2-ENR, 51/WAKU2-RELAY-SHARDING.
 * @module
 */
import type { privateKeyFromProtobuf } from "@libp2p/crypto/keys";
import { multiaddr, protocols } from "@multiformats/multiaddr";
import { EnrCreator } from "@waku/enr";
import { encodeRelayShard } from "@waku/utils";
import type { Network } from "./network.ts";

type PrivateKey = ReturnType<typeof privateKeyFromProtobuf>;
type Secp256k1PrivateKey = Extract<PrivateKey, { readonly type: "secp256k1" }>;

/** EIP-778. */
const MAX_BYTES = 300;

const ALL_SERVICES = Uint8Array.of(0b1111); // light push, filter, store, relay
/** From here on, shards are written as a vector of bits, which has a field of its own. */
const BIT_VECTOR_SHARDS = 64;

/**
 * @param addresses - with the peer id at the end
 * @returns undefined for a key that such a record has no scheme for: only secp256k1 has one
 */
export async function recordOf(
  key: PrivateKey,
  addresses: { readonly tcp: string; readonly webSocket: string },
  { clusterId, shards }: Network,
): Promise<Uint8Array | undefined> {
  if (key.type !== "secp256k1") return undefined;
  const whole = await signed(key, addresses, { clusterId, shards });
  // With many shards there is no room for both addresses; light nodes need the second.
  return whole.length <= MAX_BYTES ? whole : signed(key, { ...addresses, tcp: undefined }, { clusterId, shards });
}

async function signed(
  key: Secp256k1PrivateKey,
  { tcp, webSocket }: { readonly tcp: string | undefined; readonly webSocket: string },
  { clusterId, shards }: Network,
): Promise<Uint8Array> {
  const shardInfo = encodeRelayShard({ clusterId, shards: Array.from({ length: shards }, (_, shard) => shard) });
  const record = EnrCreator.fromPublicKey(key.publicKey.raw, {
    waku2: ALL_SERVICES,
    [shards >= BIT_VECTOR_SHARDS ? "rsv" : "rs"]: shardInfo,
  });
  if (tcp !== undefined) record.setLocationMultiaddr(withoutPeer(tcp));
  record.multiaddrs = [withoutPeer(webSocket)];
  const fields = [...record.keys()].toSorted().flatMap((name) => [utf8(name), record.get(name) ?? new Uint8Array()]);
  const content = [Uint8Array.of(Number(record.seq)), ...fields];
  const signature = await record.sign(rlpList(content), key.raw);
  return rlpList([signature, ...content]);
}

const utf8 = (text: string) => new TextEncoder().encode(text);

/** A list of byte strings in RLP, all that a record needs of it. */
function rlpList(items: readonly Uint8Array[]): Uint8Array {
  const body = Buffer.concat(items.map(rlpString));
  return Buffer.concat([rlpHead(0xc0, body.length), body]);
}

function rlpString(bytes: Uint8Array): Uint8Array {
  const [first = 0x80] = bytes;
  return bytes.length === 1 && first < 0x80 ? bytes : Buffer.concat([rlpHead(0x80, bytes.length), bytes]);
}

/** @param length - below 65,536 */
function rlpHead(kind: 0x80 | 0xc0, length: number): Uint8Array {
  if (length < 56) return Uint8Array.of(kind + length);
  return length < 256 ? Uint8Array.of(kind + 56, length) : Uint8Array.of(kind + 57, length >> 8, length & 0xff);
}

function withoutPeer(address: string) {
  return multiaddr(address).decapsulateCode(protocols("p2p").code);
}
