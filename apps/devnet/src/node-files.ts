/**
 * What a service node keeps between runs: its key and its messages, in a folder of its own.
 * @module
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { generateKeyPair, privateKeyFromProtobuf, privateKeyToProtobuf } from "@libp2p/crypto/keys";
import { codeOf, DevnetError } from "./errors.ts";
import { MessageArchive, type ResolvedRetention } from "./message-archive.ts";

type PrivateKey = ReturnType<typeof privateKeyFromProtobuf>;

// The one that records of nodes can be signed with (`node-record.ts`); other keys that are there already stay.
const KEY_TYPE = "secp256k1";

export type NodeFiles = { readonly privateKey: PrivateKey; readonly archive: MessageArchive };

/**
 * Opens, or creates, what node `name` keeps in `dataDir`; with null, everything stays in memory.
 * @throws {@link DevnetError} `DATA_DIR_UNUSABLE`
 */
export async function openNodeFiles(
  dataDir: string | null,
  name: string,
  retention: ResolvedRetention,
): Promise<NodeFiles> {
  if (dataDir === null) {
    return { privateKey: await generateKeyPair(KEY_TYPE), archive: new MessageArchive(":memory:", retention) };
  }
  const folder = join(dataDir, name);
  // The archive comes first: it is what keeps a second process out of the folder.
  await within(folder, () => mkdir(folder, { recursive: true, mode: 0o700 }));
  const archive = new MessageArchive(join(folder, "messages.sqlite"), retention);
  try {
    return { privateKey: await within(folder, () => loadKey(join(folder, "key"))), archive };
  } catch (error) {
    archive.close();
    throw error;
  }
}

async function loadKey(path: string): Promise<PrivateKey> {
  const stored = await readFile(path).catch((error: unknown) => {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  });
  if (stored !== undefined) return privateKeyFromProtobuf(stored);
  const key = await generateKeyPair(KEY_TYPE);
  await writeFile(path, privateKeyToProtobuf(key), { mode: 0o600, flag: "wx" });
  return key;
}

async function within<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const reason = codeOf(cause) ?? "the key file is not readable as a key";
    throw new DevnetError("DATA_DIR_UNUSABLE", `${folder}: want a folder this process can use, got ${reason}`, {
      cause,
    });
  }
}
