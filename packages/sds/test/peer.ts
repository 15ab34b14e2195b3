/** One side of a channel with the logs that a real caller keeps in its database. */
import {
  acknowledge,
  type ChannelState,
  idsIn,
  openChannel,
  parse,
  receive,
  type SdsEvent,
  type SdsMessage,
  type Side,
  send,
} from "../src/index.ts";
import { utf8 } from "./bytes.ts";
import { NO_JITTER } from "./seeded.ts";

export class Peer {
  state: ChannelState;
  /** Ids of content sent and received. */
  readonly known = new Set<string>();
  /** What retransmissions repeat. */
  readonly sent = new Map<string, Uint8Array>();
  readonly random: (length: number) => Uint8Array;

  constructor(side: Side, random = NO_JITTER) {
    this.state = openChannel(side);
    this.random = random;
  }

  send(text: string, nowMs: number, maxHistory = 3): { messageId: string; bytes: Uint8Array } {
    const { state, messageId, bytes } = send(this.state, utf8(text), { nowMs, maxHistory, random: this.random });
    this.state = state;
    this.known.add(messageId);
    this.sent.set(messageId, bytes);
    return { messageId, bytes };
  }

  acknowledge(nowMs: number, maxHistory = 5): Uint8Array {
    const result = acknowledge(this.state, { nowMs, maxHistory });
    if (result === undefined) throw new RangeError("nothing to acknowledge");
    this.state = result.state;
    return result.bytes;
  }

  receive(bytes: Uint8Array, nowMs: number): readonly SdsEvent[] {
    const message = parsed(bytes);
    const mayAsk = new Set(idsIn(this.state, message));
    const isKnown = (id: string): boolean => {
      if (!mayAsk.has(id)) throw new RangeError("asked for an id that idsIn did not name");
      return this.known.has(id);
    };
    const { state, events } = receive(this.state, message, { nowMs, isKnown });
    this.state = state;
    for (const event of events) if (event.kind === "content") this.known.add(event.messageId);
    return events;
  }
}

export function parsed(bytes: Uint8Array): SdsMessage {
  const message = parse(bytes);
  if (message === undefined) throw new RangeError("not an SDS message");
  return message;
}
