/**
 * The writes of secrets as a list that can be kept and made again.
 * @module
 */
import type { InviteRecord, PeerRecord, SecretWriter, SessionRecord } from "@chat/store";

/** Bytes as base64. A new kind of write needs a new schema, so that earlier code does not meet it. */
type SecretChange =
  | { readonly kind: "putIdentity"; readonly bytes: string }
  | { readonly kind: "putSession"; readonly id: string; readonly conversationId: string; readonly snapshot: string }
  | { readonly kind: "deleteSession"; readonly id: string }
  | { readonly kind: "putInvite"; readonly id: string; readonly snapshot: string }
  | { readonly kind: "deleteInvite"; readonly id: string }
  | { readonly kind: "addHandshake"; readonly inviteId: string; readonly handshakeId: string }
  | { readonly kind: "putPeer"; readonly id: string; readonly snapshot: string }
  | { readonly kind: "deletePeer"; readonly id: string }
  | { readonly kind: "deleteAll"; readonly identity: "keep" | "delete" };

/** Makes each write at once and remembers those that did not throw. */
export class SecretRecorder implements SecretWriter {
  readonly #writer: SecretWriter;
  #changes: SecretChange[] = [];

  constructor(writer: SecretWriter) {
    this.#writer = writer;
  }

  /** UTF-8 of what was written since the last call; undefined if there was nothing. */
  take(): Uint8Array | undefined {
    const changes = this.#changes;
    this.#changes = [];
    return changes.length === 0 ? undefined : new TextEncoder().encode(JSON.stringify(changes));
  }

  putIdentity(bytes: Uint8Array): void {
    this.#writer.putIdentity(bytes);
    this.#changes.push({ kind: "putIdentity", bytes: toBase64(bytes) });
  }

  putSession(record: SessionRecord): void {
    this.#writer.putSession(record);
    const { id, conversationId, snapshot } = record;
    this.#changes.push({ kind: "putSession", id, conversationId, snapshot: toBase64(snapshot) });
  }

  deleteSession(id: string): void {
    this.#writer.deleteSession(id);
    this.#changes.push({ kind: "deleteSession", id });
  }

  putInvite(record: InviteRecord): void {
    this.#writer.putInvite(record);
    this.#changes.push({ kind: "putInvite", id: record.id, snapshot: toBase64(record.snapshot) });
  }

  deleteInvite(id: string): void {
    this.#writer.deleteInvite(id);
    this.#changes.push({ kind: "deleteInvite", id });
  }

  addHandshake(inviteId: string, handshakeId: string): void {
    this.#writer.addHandshake(inviteId, handshakeId);
    this.#changes.push({ kind: "addHandshake", inviteId, handshakeId });
  }

  putPeer(record: PeerRecord): void {
    this.#writer.putPeer(record);
    this.#changes.push({ kind: "putPeer", id: record.id, snapshot: toBase64(record.snapshot) });
  }

  deletePeer(id: string): void {
    this.#writer.deletePeer(id);
    this.#changes.push({ kind: "deletePeer", id });
  }

  deleteAll({ identity }: { readonly identity: "keep" | "delete" }): void {
    this.#writer.deleteAll({ identity });
    this.#changes.push({ kind: "deleteAll", identity });
  }
}

/**
 * Makes the writes again.
 * @param list - what {@link SecretRecorder.take} gave; its seal vouches for it
 */
export function repeatChanges(list: string, writer: SecretWriter): void {
  const changes: readonly SecretChange[] = JSON.parse(list);
  for (const change of changes) repeat(change, writer);
}

function repeat(change: SecretChange, writer: SecretWriter): void {
  if (change.kind === "putIdentity") writer.putIdentity(fromBase64(change.bytes));
  else if (change.kind === "putSession") writer.putSession({ ...change, snapshot: fromBase64(change.snapshot) });
  else if (change.kind === "deleteSession") writer.deleteSession(change.id);
  else if (change.kind === "putInvite") writer.putInvite({ ...change, snapshot: fromBase64(change.snapshot) });
  else if (change.kind === "deleteInvite") writer.deleteInvite(change.id);
  else if (change.kind === "putPeer") writer.putPeer({ ...change, snapshot: fromBase64(change.snapshot) });
  else if (change.kind === "deletePeer") writer.deletePeer(change.id);
  else if (change.kind === "deleteAll") writer.deleteAll(change);
  else writer.addHandshake(change.inviteId, change.handshakeId);
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("base64");
}

function fromBase64(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, "base64"));
}
