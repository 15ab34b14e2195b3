/**
 * Brings conversations on after sessions were lost: begins another one with the peer's private invite, tells the peer what
 * is missing here, sends what nobody had confirmed, and sends again what a restored peer lacks. Each part is durable by
 * itself and is taken up again after a crash.
 * Spec: `docs/protocol.md`, "Sessions": renewal, after a restore.
 * @module
 */
import { decodeContentFrame, encodePrivateFrame } from "@chat/codec";
import { breakSession, renew } from "@chat/ratchet";
import { readSetId } from "@chat/segmentation";
import type { MessageEntry } from "@chat/store";
import { unconfirmed } from "../archive/unconfirmed.ts";
import type { Context } from "../context.ts";
import { messageId } from "../message.ts";
import { defaultPriority } from "../sending/default-priority.ts";
import type { Transfers } from "../sending/transfers.ts";
import { segmentSizeOf, type WayOut } from "../sending/way-out.ts";
import { SessionStep } from "../sessions/session-step.ts";
import { outgoingSession, startOptions } from "../sessions/start-outgoing.ts";
import { changePeer } from "./change-peer.ts";
import { contentsOf, reachOf } from "./gap.ts";
import type { PeerFile } from "./peer-file.ts";

const PAUSE_MS = 5_000;
const FILL_EVERY_MS = 60 * 60 * 1000;

export class Healer {
  readonly #context: Context;
  readonly #way: WayOut;
  readonly #transfers: Transfers;
  /** Conversations that are being mended. */
  readonly #running = new Map<string, Promise<void>>();
  /** Of those, what became news meanwhile. */
  readonly #again = new Set<string>();
  readonly #retries = new Map<string, () => void>();
  readonly #stranded = new Set<string>();
  /** Of restored peers who were answered lately. */
  readonly #waits = new Map<string, () => void>();
  readonly #filledAtMs = new Map<string, number>();
  readonly #stopObserving: () => void;
  #isClosed = false;

  constructor(context: Context, way: WayOut, transfers: Transfers) {
    this.#context = context;
    this.#way = way;
    this.#transfers = transfers;
    this.#stopObserving = context.notifier.observe((change) => {
      if (change.kind === "broken") this.#mendLater(change.conversationId);
      if (change.kind !== "session") return;
      this.#mendLater(context.sessions.get(change.sessionId)?.conversationId ?? "");
    });
  }

  /** Before anything is received: what a restore brought back would use keys twice. */
  async start(): Promise<void> {
    const { sessions, peers, serial, clock } = this.#context;
    const restored = new Set(sessions.restored.map(({ conversationId }) => conversationId));
    for (const id of restored) {
      await serial.run(id, async () => {
        const file = peers.get(id);
        if (file === undefined) return;
        const ended = sessions.restored.filter(({ conversationId }) => conversationId === id).map((each) => each.id);
        const broken = ended.reduce(
          (known, sessionId) => breakSession(known, sessionId, { nowMs: clock.nowMs() }).peer,
          file.sessions,
        );
        const mustTell = file.mustTell ?? (await reachOf(this.#context, id));
        await changePeer({ ...file, sessions: broken, mustRedeliver: true, mustTell }, ended, this.#context);
      });
    }
    for (const { id } of peers.all()) this.#mendLater(id);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#stopObserving();
    for (const cancel of [...this.#retries.values(), ...this.#waits.values()]) cancel();
    await Promise.all(this.#running.values());
  }

  #mendLater(id: string): void {
    const file = this.#context.peers.get(id);
    if (this.#isClosed || file?.standing !== "open" || this.#retries.has(id)) return;
    if (file.mustTell === undefined && !file.mustRedeliver && file.gap === undefined) return;
    if (this.#running.has(id)) {
      this.#again.add(id);
      return;
    }
    const running = this.#mend(id)
      .catch((error: unknown) => this.#retry(id, error))
      .finally(() => {
        this.#running.delete(id);
        if (this.#again.delete(id)) this.#mendLater(id);
      });
    this.#running.set(id, running);
  }

  /** A full outbox empties, a full disk may get room. */
  #retry(id: string, error: unknown): void {
    if (this.#isClosed) return;
    const isFull = error instanceof Error && "retryable" in error && error.retryable === true;
    if (!isFull) this.#context.notifier.notify({ kind: "error", error });
    this.#mendAfter(id, PAUSE_MS, this.#retries);
  }

  #mendAfter(id: string, delayMs: number, timers: Map<string, () => void>): void {
    if (this.#isClosed || timers.has(id)) return;
    const cancel = this.#context.clock.after(delayMs, () => {
      timers.delete(id);
      this.#mendLater(id);
    });
    timers.set(id, cancel);
  }

  async #mend(id: string): Promise<void> {
    const { serial, peers } = this.#context;
    await serial.run(id, () => this.#resume(id));
    if (peers.sessionForSending(id) === undefined) return;
    if (peers.get(id)?.mustRedeliver) await this.#redeliver(id);
    if (peers.get(id)?.gap !== undefined) await this.#fill(id);
  }

  /** Tells the peer, on another session, what there is here. */
  async #resume(id: string): Promise<void> {
    const file = this.#context.peers.get(id);
    if (this.#isClosed || file?.mustTell === undefined) return;
    const step = this.#step(id) ?? this.#renewed(file);
    if (step === undefined) return this.#tellStranded(id);
    await step.ensureConversation();
    const { mustTell: _, ...peer } = step.peer;
    this.#way.putFrame(step, { kind: "resume", ...file.mustTell });
    step.peer = peer;
    await step.commit();
  }

  /** On the session to send on, if there is one. */
  #step(id: string): SessionStep | undefined {
    const session = this.#context.peers.sessionForSending(id);
    return session && new SessionStep(session, this.#context);
  }

  #renewed(file: PeerFile): SessionStep | undefined {
    const { received } = file.sessions;
    const renewed = renew(file.sessions, { ...startOptions(this.#context), nowMs: this.#context.clock.nowMs() });
    if (renewed.kind !== "renewed" || received === undefined) return undefined;
    const session = outgoingSession(file.id, received.prekey, renewed.started);
    const step = new SessionStep(session, this.#context, file);
    step.change(renewed);
    return step;
  }

  #tellStranded(id: string): void {
    if (this.#stranded.has(id)) return;
    this.#stranded.add(id);
    this.#context.notifier.notify({ kind: "stranded", conversationId: id });
  }

  /** Messages that nobody confirmed and that no session sends any more, in the order in which they were written. */
  async #redeliver(id: string): Promise<void> {
    for (const entry of await this.#orphans(id)) await this.#sendAgain(id, entry);
    await this.#inTurn(id, async (step) => {
      step.peer = { ...step.peer, mustRedeliver: false };
    });
  }

  async #orphans(conversationId: string): Promise<MessageEntry[]> {
    const orphans: MessageEntry[] = [];
    for await (const entry of unconfirmed(this.#context.store.messages, conversationId)) {
      if (await this.#isOrphan(entry)) orphans.push(entry);
    }
    return orphans.sort((a, b) => a.sequence - b.sequence);
  }

  /** A message of many segments is none while some of them are still to be made. */
  async #isOrphan({ id }: MessageEntry): Promise<boolean> {
    const { store, transfers } = this.#context;
    return transfers.get(id) === undefined && (await store.messages.pendingCount(id)) === 0;
  }

  /** What the restored peer asked for. */
  async #fill(id: string): Promise<void> {
    const { peers, clock } = this.#context;
    const gap = peers.get(id)?.gap;
    if (gap === undefined) return;
    // Every answer costs quota: a peer who is restored all the time waits.
    const waitMs = (this.#filledAtMs.get(id) ?? Number.NEGATIVE_INFINITY) + FILL_EVERY_MS - clock.nowMs();
    if (waitMs > 0) return this.#mendAfter(id, waitMs, this.#waits);
    this.#filledAtMs.set(id, clock.nowMs());
    const { toSend, missing, unavailable, known } = await contentsOf(this.#context, id, gap);
    for (const entry of toSend) await this.#sendAgain(id, entry);
    await this.#inTurn(id, async (step) => {
      this.#way.putFrame(step, { kind: "resumed", resent: missing, unavailable, known });
      const { gap: _, ...peer } = step.peer;
      step.peer = peer;
    });
  }

  /** The same frame, so that it is the same message to whoever has it already. */
  #sendAgain(id: string, { id: known }: MessageEntry): Promise<void> {
    return this.#inTurn(id, async (step) => {
      const { store, account, notifier, outbox } = this.#context;
      const record = await store.messages.message(known);
      if (record === undefined || record.status === "received" || !(await this.#isOrphan(record))) return;
      const { content, sentAtMs } = record;
      const frame = encodePrivateFrame({ timestampMs: sentAtMs, body: { kind: "content", content } });
      const segmentSize = segmentSizeOf(step.session);
      const segments = this.#way.cut(frame, segmentSize);
      const { payloadHash } = readSetId(segments.setId ?? "");
      // Not so for what an earlier version framed in another way: a second message would be worse than none.
      if (messageId(account.keys.publicKey, step.session.peerKey, payloadHash) !== known) return;
      outbox.assertRoom(segments.total, frame.length);
      notifier.know(known, record.status);
      const parcel = { messageId: known, priority: defaultPriority(decodeContentFrame(content)), segmentSize };
      if (segments.total > 1 && parcel.priority !== "critical") this.#transfers.begin(step, segments, parcel);
      else this.#way.putAll(step, { ...parcel, segments });
    });
  }

  async #inTurn(id: string, operation: (step: SessionStep) => Promise<void>): Promise<void> {
    await this.#context.serial.run(id, async () => {
      const step = this.#isClosed ? undefined : this.#step(id);
      if (step === undefined) return;
      await operation(step);
      await step.commit();
    });
  }
}
