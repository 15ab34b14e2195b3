/**
 * The way in: hint → envelope → ratchet → SDS → segments → frame → one transaction → event.
 * Takes whatever the network delivers, in any order and any number of times; never throws for what it is given.
 * @module
 */
import { parseEnvelope, unsupportedVersion } from "@chat/codec";
import type { Context } from "../context.ts";
import type { InboundMessage } from "../delivery/delivery-service.ts";
import type { Requests } from "../peers/requests.ts";
import type { IncomingSignals } from "../signals/incoming-signals.ts";
import { Arrivals } from "./arrivals.ts";
import { FirstMessages } from "./first-messages.ts";
import type { HeldMessages } from "./held-messages.ts";
import { OrdinaryMessages } from "./ordinary-messages.ts";
import type { Outcome } from "./outcome.ts";
import type { PartialSets } from "./partial-sets.ts";
import { SeenHashes } from "./seen-hashes.ts";

export class Receiver {
  readonly #context: Context;
  readonly #arrivals: Arrivals;
  readonly #ordinary: OrdinaryMessages;
  readonly #first: FirstMessages;
  readonly #seen: SeenHashes;

  constructor(context: Context, partialSets: PartialSets, signals: IncomingSignals, requests: Requests) {
    this.#context = context;
    this.#arrivals = new Arrivals(context, partialSets, signals);
    this.#ordinary = new OrdinaryMessages(context, this.#arrivals);
    this.#first = new FirstMessages(context, this.#arrivals, this.#ordinary, requests);
    this.#seen = new SeenHashes(context.clock);
  }

  /** Resolves when the message is durable or discarded. @returns whether it is one for us, and for the first time */
  async receive({ hash, payload }: InboundMessage): Promise<boolean> {
    if (!this.#seen.add(hash)) return false;
    const envelope = parseEnvelope(payload);
    if (envelope === undefined) {
      const isNewer = unsupportedVersion(payload) !== undefined;
      this.#context.discards.add(isNewer ? "newer-envelope" : "not-an-envelope");
      return false;
    }
    const sessions = this.#context.sessions.matching(envelope);
    return this.#run(hash, () =>
      sessions.length > 0 ? this.#ordinary.take(sessions, envelope) : this.#first.take(envelope),
    );
  }

  /** What arrived before what it follows. */
  get held(): HeldMessages {
    return this.#arrivals.held;
  }

  async #run(hash: string, attempt: () => Promise<Outcome>): Promise<boolean> {
    try {
      const outcome = await attempt();
      if (outcome === "durable") return true;
      this.#context.discards.add(outcome);
    } catch (error) {
      // The disk, not the message: it may come again, and nothing of it was kept.
      this.#seen.delete(hash);
      this.#context.notifier.notify({ kind: "error", error });
    }
    return false;
  }
}
