/**
 * A caller as the README describes it: logs beside the state, both durable before anything leaves. What was received
 * is made durable a little later, as a group commit does; a crash takes back what was not.
 */
import {
  type AcknowledgeOptions,
  acknowledge,
  type ChannelState,
  decodeState,
  encodeState,
  expireGaps,
  idsIn,
  type Participant as Name,
  openChannel,
  parse,
  type ReceiveOptions,
  receive,
  repairDue,
  repaired,
  retransmissionsDue,
  retransmitted,
  type SdsEvent,
  type SdsMessage,
  type Side,
  send,
} from "../src/index.ts";
import { utf8 } from "./bytes.ts";
import type { Seeded } from "./seeded.ts";

export type Rules = Pick<ReceiveOptions, "causal" | "repair" | "bloomFilter"> & {
  readonly deadlineMs: number;
  readonly maxHistory?: number;
};

/** In the order in which the application saw it. */
export type Seen = { readonly messageId: string; readonly isLate: boolean };

/** Everything that a database holds. */
type Database = {
  readonly snapshot: Uint8Array;
  readonly log: ReadonlyMap<string, { readonly sender: string; readonly bytes: Uint8Array }>;
  readonly seen: readonly Seen[];
  readonly acknowledged: readonly string[];
  readonly lost: readonly string[];
};

export class Participant {
  readonly name: string;
  readonly rules: Rules;
  state: ChannelState;
  /** Content messages sent and received. */
  log = new Map<string, { readonly sender: string; readonly bytes: Uint8Array }>();
  seen: Seen[] = [];
  acknowledged: string[] = [];
  lost: string[] = [];
  readonly #random: Seeded;
  #durable: Database;

  constructor(who: Side | Name, rules: Rules, random: Seeded) {
    this.state = openChannel(who);
    this.name = this.state.participantId;
    this.rules = rules;
    this.#random = random;
    this.#durable = this.#database();
  }

  commit(): void {
    this.#durable = this.#database();
  }

  crash(): void {
    const { snapshot, log, seen, acknowledged, lost } = this.#durable;
    this.state = decodeState(snapshot);
    this.log = new Map(log);
    this.seen = [...seen];
    this.acknowledged = [...acknowledged];
    this.lost = [...lost];
  }

  /** Whether a crash would leave the message in the log. */
  keeps(messageId: string): boolean {
    return this.#durable.log.has(messageId);
  }

  send(text: string, nowMs: number): { readonly messageId: string; readonly bytes: Uint8Array } {
    const { messageId, state, bytes } = send(this.state, utf8(text), {
      ...this.#carried(),
      nowMs,
      random: this.#random.bytes,
      ...(this.rules.maxHistory !== undefined && { maxHistory: this.rules.maxHistory }),
    });
    this.state = state;
    this.log.set(messageId, { sender: this.name, bytes });
    this.commit();
    return { messageId, bytes };
  }

  /** What an acknowledgement that is due says, a periodic one or a request. */
  sync(nowMs: number, options: Pick<AcknowledgeOptions, "isPeriodic"> = {}): Uint8Array | undefined {
    const result = acknowledge(this.state, { ...this.#carried(), nowMs, ...options });
    if (result === undefined) return undefined;
    this.state = result.state;
    this.commit();
    return result.bytes;
  }

  receive(bytes: Uint8Array, nowMs: number): readonly SdsEvent[] {
    const message = this.read(bytes);
    if (message === undefined) return [];
    const mayAsk = new Set(idsIn(this.state, message));
    const isKnown = (id: string): boolean => {
      if (!mayAsk.has(id)) throw new RangeError("asked for an id that idsIn did not name");
      return this.log.has(id);
    };
    const { deadlineMs: _, maxHistory: __, ...options } = this.rules;
    const { state, events } = receive(this.state, message, { ...options, nowMs, isKnown });
    this.state = state;
    for (const event of events) this.#take(event, message, bytes);
    return events;
  }

  read(bytes: Uint8Array): SdsMessage | undefined {
    return parse(bytes, { form: this.state.channelId === undefined ? "compact" : "full" });
  }

  /** What is due by the clock; returns what is to be sent again. */
  wakeUp(nowMs: number): Uint8Array[] {
    const { deadlineMs, causal } = this.rules;
    const { state, lost, released } = expireGaps(this.state, nowMs, deadlineMs, causal?.holdMs);
    this.state = state;
    this.lost.push(...lost);
    for (const { messageId, isLate = false } of released) this.seen.push({ messageId, isLate });
    const plan = { nowMs, random: this.#random.bytes, ...(this.rules.repair && { repair: this.rules.repair }) };
    const again: string[] = [];
    for (const id of retransmissionsDue(this.state, nowMs)) {
      this.state = retransmitted(this.state, id, plan);
      again.push(id);
    }
    const asked = repairDue(this.state, nowMs);
    if (asked !== undefined) {
      this.state = repaired(this.state, asked, plan);
      again.push(asked);
    }
    this.commit();
    return again.flatMap((id) => this.log.get(id)?.bytes ?? []);
  }

  #take(event: SdsEvent, { sender }: SdsMessage, bytes: Uint8Array): void {
    if (event.kind === "content") {
      const { messageId, waitsFor, isLate = false } = event;
      this.log.set(messageId, { sender, bytes });
      if (waitsFor === undefined) this.seen.push({ messageId, isLate });
    }
    if (event.kind === "released") this.seen.push({ messageId: event.messageId, isLate: event.isLate ?? false });
    if (event.kind === "acknowledged") this.acknowledged.push(event.messageId);
  }

  #carried() {
    const about = (id: string) => {
      const entry = this.log.get(id);
      return entry && { sender: entry.sender };
    };
    return { about, ...(this.rules.repair && { repair: this.rules.repair }) };
  }

  #database(): Database {
    const { log, seen, acknowledged, lost } = this;
    const copies = { log: new Map(log), seen: [...seen], acknowledged: [...acknowledged], lost: [...lost] };
    return { snapshot: encodeState(this.state), ...copies };
  }
}
