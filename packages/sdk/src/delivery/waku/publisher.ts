/**
 * Light push over several service nodes: which ones, how many at once, and who is next when one does not answer.
 * @module
 */
import type { Clock } from "../../clock.ts";
import { ChatError } from "../../errors.ts";
import type { Limits } from "./limits.ts";
import type { PushAnswer, PushedMessage } from "./node-link.ts";
import type { ServiceNode } from "./service-node.ts";
import type { ServiceNodes } from "./service-nodes.ts";

const ANSWER_LIMIT_MS = 15_000;
/** A node that takes longer is not given up, but another is asked as well. */
const PATIENCE_MS = 3_000;
/** Larger ones go to one node: files would cost twice the upload, and SDS repeats what gets lost. */
const MAX_DOUBLED_BYTES = 16 * 1024;
/** After something was not confirmed, everything takes two ways for so long, also over the node of the subscription. */
const DOUBT_MS = 10 * 60_000;

export type PublisherDeps = {
  readonly clock: Clock;
  readonly limits: Limits;
  readonly nodes: ServiceNodes;
  /** The one that knows our mailbox. It does not learn what we send, as long as another takes it. */
  readonly subscribedNode: () => ServiceNode | undefined;
};

type Outcome = PushAnswer | { readonly kind: "silent"; readonly error: unknown };

export class Publisher {
  readonly #deps: PublisherDeps;
  #doubtsUntilMs = 0;

  constructor(deps: PublisherDeps) {
    this.#deps = deps;
  }

  /**
   * Resolves when the first node took the message; copies to others go on.
   * @throws {@link ChatError} `DELIVERY_REFUSED` when all that were asked refused, `PEER_UNREACHABLE`; the signal's reason
   */
  async publish(message: PushedMessage, signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    const { apart, all } = this.#candidates();
    const nowMs = this.#deps.clock.nowMs();
    if (message.isRetransmission) this.#doubtsUntilMs = nowMs + DOUBT_MS;
    const isSmall = message.payload.length <= MAX_DOUBLED_BYTES;
    const isDoubled = message.isRetransmission || (isSmall && (apart.length > 1 || nowMs < this.#doubtsUntilMs));
    const waiting = [...all];
    const outcomes: Outcome[] = [];
    const taken = Promise.withResolvers<void>();
    let pending = 0;
    const ask = () => {
      const node = waiting.shift();
      if (node === undefined) return;
      pending += 1;
      const cancelPatience = this.#deps.clock.after(PATIENCE_MS, () => {
        node.blame("push");
        ask();
      });
      void this.#push(node, message, signal).then((outcome) => {
        cancelPatience();
        pending -= 1;
        if (outcome.kind === "taken") return taken.resolve();
        outcomes.push(outcome);
        if (waiting.length > 0) ask();
        else if (pending === 0) taken.reject(failure(outcomes));
      });
    };
    if (all.length === 0) throw unreachable(undefined);
    ask();
    if (isDoubled) ask();
    const onAbort = () => taken.reject(signal?.reason);
    signal?.addEventListener("abort", onAbort);
    try {
      await taken.promise;
    } finally {
      waiting.length = 0;
      signal?.removeEventListener("abort", onAbort);
    }
  }

  #candidates(): { readonly apart: readonly ServiceNode[]; readonly all: readonly ServiceNode[] } {
    const nodes = this.#deps.nodes.for("push");
    const subscribed = this.#deps.subscribedNode();
    const isSubscribed = (node: ServiceNode) => node.link?.peerId === subscribed?.link?.peerId;
    const works = nodes.filter((node) => !node.isFailing("push"));
    const apart = works.filter((node) => !isSubscribed(node));
    const others = [...works.filter(isSubscribed), ...nodes.filter((node) => node.isFailing("push"))];
    return { apart, all: [...apart, ...others] };
  }

  async #push(node: ServiceNode, message: PushedMessage, signal: AbortSignal | undefined): Promise<Outcome> {
    const { link } = node;
    if (link === undefined) return { kind: "silent", error: undefined };
    try {
      const answer = await this.#deps.limits.within(ANSWER_LIMIT_MS, signal, (limit) => link.push(message, limit));
      // A refusal may be about the message; whether the node is at fault shows when another takes it.
      if (answer.kind === "taken") node.trust("push");
      return answer;
    } catch (error) {
      if (!signal?.aborted) node.blame("push");
      return { kind: "silent", error };
    }
  }
}

/** A refusal by any service node says more than a broken connection to another; it is final when all that were asked say so. */
function failure(outcomes: readonly Outcome[]): ChatError {
  const refused = outcomes.filter((outcome) => outcome.kind === "refused");
  const [first] = refused;
  if (first === undefined) return unreachable(outcomes.find((outcome) => outcome.kind === "silent")?.error);
  const isFinal = outcomes.every((outcome) => outcome.kind === "refused" && outcome.isFinal);
  const later = "it will be tried again; if that never helps, check network.clusterId and network.shards";
  const remedy = isFinal ? "the same message will never be taken" : later;
  return new ChatError("DELIVERY_REFUSED", `the service node did not take the message: ${first.detail}; ${remedy}`, {
    retryable: !isFinal,
  });
}

function unreachable(cause: unknown): ChatError {
  return new ChatError("PEER_UNREACHABLE", "no service node took the message; it waits until one does", {
    retryable: true,
    cause,
  });
}
