/**
 * Runs one `change` under the rules that all stores share, so that an implementation is left with storing: checked
 * arguments, a transaction that ends when `change` returns, and one that no caught error can rescue.
 * @module
 */
import {
  checkBytes,
  checkConversation,
  checkDeletion,
  checkHeld,
  checkIdentityChoice,
  checkInteger,
  checkLimit,
  checkMessage,
  checkOutbox,
  checkOutgoing,
  checkPriority,
  checkSegment,
  checkStatus,
  checkText,
  checkTransfer,
  checkTransmission,
} from "./check.ts";
import { StoreError } from "./errors.ts";
import type { MessageWriter } from "./messages.ts";
import type { SecretWriter } from "./secrets.ts";
import type { StoreTransaction } from "./store.ts";

/**
 * Runs `change` on a guarded view of `raw`. For implementations of `Store`: the caller begins, and rolls back
 * when this throws.
 *
 * @param raw - is called with valid records only; what it throws fails the transaction
 * @throws what `change` or the first failing method of `raw` threw
 * @throws {@link StoreError} `INVALID_RECORD`; `INVALID_OPTION` if `change` returned a promise
 */
export function applyChange(raw: StoreTransaction, change: (tx: StoreTransaction) => void): void {
  const gate = new Gate();
  try {
    const result: unknown = change({
      messages: guardMessages(gate, raw.messages),
      secrets: guardSecrets(gate, raw.secrets),
    });
    if (isThenable(result)) {
      // Its rejection has no other listener, and would end the process.
      Promise.resolve(result).catch(() => {});
      throw new StoreError("INVALID_OPTION", "change: want a synchronous function, got one that returns a promise");
    }
  } finally {
    gate.ended = true;
  }
  if (gate.failure !== undefined) throw gate.failure.error;
}

class Gate {
  ended = false;
  failure: { readonly error: unknown } | undefined;

  pass(operation: () => void): void {
    if (this.ended) {
      throw new StoreError(
        "TRANSACTION_ENDED",
        "transaction: want use inside the change it was given to, got a later one",
      );
    }
    if (this.failure !== undefined) throw this.failure.error;
    try {
      operation();
    } catch (error) {
      this.failure = { error };
      throw error;
    }
  }
}

function guardMessages(gate: Gate, raw: MessageWriter): MessageWriter {
  return {
    putConversation: (record) =>
      gate.pass(() => {
        checkConversation(record);
        raw.putConversation(record);
      }),
    putMessage: (record) =>
      gate.pass(() => {
        checkMessage(record);
        raw.putMessage(record);
      }),
    setStatus: (messageId, status) =>
      gate.pass(() => {
        checkText("messageId", messageId);
        checkStatus(status);
        raw.setStatus(messageId, status);
      }),
    setConsumed: (sequence) =>
      gate.pass(() => {
        checkInteger("sequence", sequence);
        raw.setConsumed(sequence);
      }),
    setRead: (conversationId, sequence) =>
      gate.pass(() => {
        checkText("conversationId", conversationId);
        checkInteger("sequence", sequence);
        raw.setRead(conversationId, sequence);
      }),
    setExpiry: (messageId, expiresAtMs) =>
      gate.pass(() => {
        checkText("messageId", messageId);
        checkInteger("expiresAtMs", expiresAtMs);
        raw.setExpiry(messageId, expiresAtMs);
      }),
    deleteMessage: (id, deletedAtMs) =>
      gate.pass(() => {
        checkText("id", id);
        checkInteger("deletedAtMs", deletedAtMs);
        raw.deleteMessage(id, deletedAtMs);
      }),
    deleteSession: (sessionId) =>
      gate.pass(() => {
        checkText("sessionId", sessionId);
        raw.deleteSession(sessionId);
      }),
    deleteUnsent: (sessionId) =>
      gate.pass(() => {
        checkText("sessionId", sessionId);
        raw.deleteUnsent(sessionId);
      }),
    deleteConversation: (deletion) =>
      gate.pass(() => {
        checkDeletion(deletion);
        raw.deleteConversation(deletion);
      }),
    deleteExpired: (nowMs, limit) =>
      gate.pass(() => {
        checkInteger("nowMs", nowMs);
        checkLimit(limit);
        raw.deleteExpired(nowMs, limit);
      }),
    forgetDeleted: (beforeMs) =>
      gate.pass(() => {
        checkInteger("beforeMs", beforeMs);
        raw.forgetDeleted(beforeMs);
      }),
    deleteAll: () => gate.pass(() => raw.deleteAll()),
    putOutbox: (record) =>
      gate.pass(() => {
        checkOutbox(record);
        raw.putOutbox(record);
      }),
    stampOutbox: (id, timestampMs) =>
      gate.pass(() => {
        checkText("id", id);
        checkInteger("timestampMs", timestampMs);
        raw.stampOutbox(id, timestampMs);
      }),
    setTransmission: (id, transmission) =>
      gate.pass(() => {
        checkText("id", id);
        checkTransmission(transmission);
        raw.setTransmission(id, transmission);
      }),
    setOutboxPriority: (id, priority) =>
      gate.pass(() => {
        checkText("id", id);
        checkPriority(priority);
        raw.setOutboxPriority(id, priority);
      }),
    putQuotaLedger: (ledger) =>
      gate.pass(() => {
        checkBytes("ledger", ledger);
        raw.putQuotaLedger(ledger);
      }),
    deleteOutbox: (id) =>
      gate.pass(() => {
        checkText("id", id);
        raw.deleteOutbox(id);
      }),
    putOutgoing: (record) =>
      gate.pass(() => {
        checkOutgoing(record);
        raw.putOutgoing(record);
      }),
    deleteOutgoing: (sessionId, sdsId) =>
      gate.pass(() => {
        checkText("sessionId", sessionId);
        checkText("sdsId", sdsId);
        raw.deleteOutgoing(sessionId, sdsId);
      }),
    logSdsId: (sessionId, sdsId, lamport) =>
      gate.pass(() => {
        checkText("sessionId", sessionId);
        checkText("sdsId", sdsId);
        checkInteger("lamport", lamport);
        raw.logSdsId(sessionId, sdsId, lamport);
      }),
    putSdsState: (sessionId, state) =>
      gate.pass(() => {
        checkText("sessionId", sessionId);
        checkBytes("state", state);
        raw.putSdsState(sessionId, state);
      }),
    putHeld: (record) =>
      gate.pass(() => {
        checkHeld(record);
        raw.putHeld(record);
      }),
    deleteHeld: (sessionId, sdsId) =>
      gate.pass(() => {
        checkText("sessionId", sessionId);
        checkText("sdsId", sdsId);
        raw.deleteHeld(sessionId, sdsId);
      }),
    putSegment: (record) =>
      gate.pass(() => {
        checkSegment(record);
        raw.putSegment(record);
      }),
    deleteSegments: (sessionId, setId) =>
      gate.pass(() => {
        checkText("sessionId", sessionId);
        checkText("setId", setId);
        raw.deleteSegments(sessionId, setId);
      }),
    setCursor: (topic, timestampMs) =>
      gate.pass(() => {
        checkText("topic", topic);
        checkInteger("timestampMs", timestampMs);
        raw.setCursor(topic, timestampMs);
      }),
    putTransfer: (record) =>
      gate.pass(() => {
        checkTransfer(record);
        raw.putTransfer(record);
      }),
    deleteTransfer: (messageId) =>
      gate.pass(() => {
        checkText("messageId", messageId);
        raw.deleteTransfer(messageId);
      }),
    deleteParts: (messageId) =>
      gate.pass(() => {
        checkText("messageId", messageId);
        raw.deleteParts(messageId);
      }),
    refuse: (messageId, refusedAtMs) =>
      gate.pass(() => {
        checkText("messageId", messageId);
        checkInteger("refusedAtMs", refusedAtMs);
        raw.refuse(messageId, refusedAtMs);
      }),
  };
}

function guardSecrets(gate: Gate, raw: SecretWriter): SecretWriter {
  return {
    putIdentity: (bytes) =>
      gate.pass(() => {
        checkBytes("identity", bytes);
        raw.putIdentity(bytes);
      }),
    putSession: (record) =>
      gate.pass(() => {
        checkText("session.id", record.id);
        checkText("session.conversationId", record.conversationId);
        checkBytes("session.snapshot", record.snapshot);
        raw.putSession(record);
      }),
    deleteSession: (id) =>
      gate.pass(() => {
        checkText("id", id);
        raw.deleteSession(id);
      }),
    putInvite: (record) =>
      gate.pass(() => {
        checkText("invite.id", record.id);
        checkBytes("invite.snapshot", record.snapshot);
        raw.putInvite(record);
      }),
    deleteInvite: (id) =>
      gate.pass(() => {
        checkText("id", id);
        raw.deleteInvite(id);
      }),
    putPeer: (record) =>
      gate.pass(() => {
        checkText("peer.id", record.id);
        checkBytes("peer.snapshot", record.snapshot);
        raw.putPeer(record);
      }),
    deletePeer: (id) =>
      gate.pass(() => {
        checkText("id", id);
        raw.deletePeer(id);
      }),
    addHandshake: (inviteId, handshakeId) =>
      gate.pass(() => {
        checkText("inviteId", inviteId);
        checkText("handshakeId", handshakeId);
        raw.addHandshake(inviteId, handshakeId);
      }),
    deleteAll: (options) =>
      gate.pass(() => {
        checkIdentityChoice(options.identity);
        raw.deleteAll(options);
      }),
  };
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
