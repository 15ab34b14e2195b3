/**
 * Whether what a conversation says it waits for is what really has not arrived, whenever anything changes.
 * @module
 */
import type { ConversationHealth } from "../archive/conversation-health.ts";
import type { SimulatedPerson } from "./simulated-person.ts";
import type { Simulation } from "./simulation.ts";
import type { SentRecord, Witness } from "./witness.ts";

type Side = { readonly own: Witness; readonly peer: Witness };
/** What two applications know, at one moment. */
type Truth = {
  /** Own messages without an end that was told: at most so many are unconfirmed. */
  readonly open: number;
  /** Own messages that the peer was not shown. */
  readonly absent: readonly SentRecord[];
  /** Texts of the peer that were not shown, though a later one was. */
  readonly gaps: readonly SentRecord[];
};

export class HealthWatch {
  readonly findings: string[] = [];
  readonly #simulation: Simulation;
  readonly #sides: readonly Side[];
  #isPlanned = false;
  #looks = 0;

  /** @param one - writes to nobody but the other, and the other to nobody but it */
  constructor(simulation: Simulation, one: Witness, other: Witness) {
    this.#simulation = simulation;
    this.#sides = [
      { own: one, peer: other },
      { own: other, peer: one },
    ];
    for (const { own } of this.#sides) own.onChange(() => this.#lookWhenSettled());
  }

  /** How often health was compared with the truth. */
  get looks(): number {
    return this.#looks;
  }

  /** Everything has arrived, and both sides say so. */
  async expectComplete(): Promise<void> {
    for (const { own } of this.#sides) {
      const health = await healthOf(own);
      if (health?.isComplete !== true) this.#find(own, `${JSON.stringify(health)} when everything has arrived`);
    }
  }

  #lookWhenSettled(): void {
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    this.#simulation.after(0, () => {
      this.#isPlanned = false;
      for (const side of this.#sides) void this.#look(side);
    });
  }

  async #look({ own, peer }: Side): Promise<void> {
    const before = truthOf({ own, peer });
    const [health, ofPeer] = [await healthOf(own), await healthOf(peer)];
    const truth = truthOf({ own, peer });
    // Whoever asks while it changes may hear either.
    if (health === undefined || !isSame(before, truth)) return;
    this.#looks += 1;
    const { unconfirmed, missing, held, isComplete } = health;
    if (unconfirmed > truth.open) this.#find(own, `${unconfirmed} unconfirmed, of ${truth.open} that can be`);
    if (ofPeer !== undefined && unconfirmed < truth.absent.length - ofPeer.held) {
      const absent = (await stillAbsent(truth.absent, own.person, peer.person)).length;
      if (unconfirmed < absent - ofPeer.held)
        this.#find(own, `${unconfirmed} unconfirmed, though ${absent} are not there`);
    }
    if (truth.gaps.length > held && missing === 0) {
      const gaps = await stillAbsent(truth.gaps, peer.person, own.person);
      if (gaps.length > held)
        this.#find(own, `none is missing, though "${gaps[0]?.body}" is, and later ones are there`);
    }
    if (isComplete && unconfirmed + missing + held > 0) this.#find(own, "complete, and waits for something");
  }

  #find({ person }: Witness, what: string): void {
    this.findings.push(`${person.name}: health at ${new Date(this.#simulation.nowMs).toISOString()}: ${what}`);
  }
}

async function healthOf({ person }: Witness): Promise<ConversationHealth | undefined> {
  if (!person.isRunning) return undefined;
  const [conversation] = await person.client.conversations();
  return conversation?.health();
}

function truthOf({ own, peer }: Side): Truth {
  const isShown = new Set([...own.shown, ...peer.shown].map(({ id }) => id));
  const hasEnded = ({ id }: SentRecord, author: Witness) => {
    const status = id === undefined ? undefined : author.statusOf(id);
    return status === "failed" || status === "dropped" || status === "cancelled";
  };
  const absentOf = (author: Witness) =>
    author.sent.filter((sent) => sent.id !== undefined && !isShown.has(sent.id) && !hasEnded(sent, author));
  const open = own.sent.filter(({ id }) => {
    const status = id === undefined ? undefined : own.statusOf(id);
    return status === undefined || status === "queued" || status === "sent";
  });
  const texts = peer.sent.filter(({ isFile }) => !isFile);
  const newest = texts.findLast(({ id }) => id !== undefined && isShown.has(id));
  const gaps = absentOf(peer).filter(({ isFile, atMs }) => !isFile && newest !== undefined && atMs < newest.atMs);
  return { open: open.length, absent: absentOf(own), gaps };
}

/** A process that ended in between may not have told what it knows: then its disk is asked. */
async function stillAbsent(sent: readonly SentRecord[], from: SimulatedPerson, to: SimulatedPerson) {
  const absent: SentRecord[] = [];
  for (const record of sent) {
    if (record.id === undefined || (await to.store.messages.message(record.id)) !== undefined) continue;
    const status = (await from.store.messages.messageState(record.id))?.status;
    if (status === "queued" || status === "sent" || status === "delivered" || status === "read") absent.push(record);
  }
  return absent;
}

function isSame(one: Truth, other: Truth): boolean {
  return one.open === other.open && one.absent.length === other.absent.length && one.gaps.length === other.gaps.length;
}
