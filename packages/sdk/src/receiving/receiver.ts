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
import type { Attempt } from "./attempt.ts";
import { FirstMessages } from "./first-messages.ts";
import { OrdinaryMessages } from "./ordinary-messages.ts";
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

  /** Resolves when the message is durable, held, or discarded. @returns whether it is one for us, and for the first time */
  async receive({ hash, payload }: InboundMessage): Promise<boolean> {
    if (!this.#seen.add(hash)) return false;
    const envelope = parseEnvelope(payload);
    if (envelope === undefined) {
      const isNewer = unsupportedVersion(payload) !== undefined;
      this.#context.discards.add(isNewer ? "newer-envelope" : "not-an-envelope");
      return false;
    }
    const sessions = this.#context.sessions.matching(envelope);
    const attempt: Attempt =
      sessions.length > 0
        ? (how) => this.#ordinary.take(sessions, envelope, how)
        : (how) => this.#first.take(envelope, how);
    return this.#run(hash, payload.length, attempt, { mayHold: true });
  }

  /** Whether a message has been held for so long because one before it has not arrived. */
  hasWaited(durationMs: number): boolean {
    return this.#arrivals.early.hasWaited(durationMs);
  }

  close(): void {
    this.#arrivals.early.close();
  }

  async #run(hash: string, sizeBytes: number, attempt: Attempt, { mayHold }: { mayHold: boolean }): Promise<boolean> {
    const retry = (options: { mayHold: boolean }) => void this.#run(hash, sizeBytes, attempt, options);
    try {
      const outcome = await attempt({ mayHold, retry, sizeBytes });
      if (outcome === "durable" || outcome === "early") return true;
      this.#context.discards.add(outcome);
    } catch (error) {
      // The disk, not the message: it may come again, and nothing of it was kept.
      this.#seen.delete(hash);
      this.#context.notifier.notify({ kind: "error", error });
    }
    return false;
  }
}
