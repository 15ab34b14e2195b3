/**
 * Counters and gauges for OpenTelemetry. Without a meter provider of the application, they cost next to nothing.
 * @module
 */

import type { Quota } from "@chat/ratelimit";
import { type Attributes, type BatchObservableCallback, metrics } from "@opentelemetry/api";

const METER = "@chat/sdk";

/** What gauges ask when they are read. */
export type Readings = { readonly quota: () => Quota; readonly waiting: () => number };

export class Metrics {
  readonly #meter = metrics.getMeter(METER);
  readonly #received = this.#counter("chat.messages.received", "messages that the application gets");
  readonly #statuses = this.#counter("chat.messages.status", "own messages that became sent, delivered, …");
  readonly #discarded = this.#counter("chat.discarded", "what the network brought and nobody could use");
  readonly #retransmitted = this.#counter("chat.retransmissions", "parts of messages that were sent again");
  readonly #gaps = this.#counter("chat.gaps", "messages of peers that are missing, were found, or are lost");
  readonly #errors = this.#counter("chat.errors", "failures in the background");
  readonly #acknowledged = this.#meter.createHistogram("chat.acknowledgement.duration", {
    description: "from sent to delivered",
    unit: "s",
  });
  readonly #stopGauges: () => void;

  constructor(readings: Readings) {
    this.#stopGauges = this.#observe(readings);
  }

  received(): void {
    this.#received.add(1);
  }

  status(status: string): void {
    this.#statuses.add(1, { status });
  }

  discarded(reason: string): void {
    this.#discarded.add(1, { reason });
  }

  retransmitted(count: number): void {
    this.#retransmitted.add(count);
  }

  gap(state: string, count: number): void {
    this.#gaps.add(count, { state });
  }

  failed(code: string): void {
    this.#errors.add(1, { code });
  }

  acknowledged(durationMs: number): void {
    this.#acknowledged.record(durationMs / 1000);
  }

  close(): void {
    this.#stopGauges();
  }

  #counter(name: string, description: string): { add(count: number, attributes?: Attributes): void } {
    return this.#meter.createCounter(name, { description });
  }

  #observe({ quota, waiting }: Readings): () => void {
    const gauge = (name: string, description: string) => this.#meter.createObservableGauge(name, { description });
    const remaining = gauge("chat.quota.remaining", "envelopes that may still leave in this epoch");
    const total = gauge("chat.quota.total", "envelopes that may leave in an epoch");
    const outbox = gauge("chat.outbox.envelopes", "envelopes that wait to leave");
    const read: BatchObservableCallback = (result) => {
      const now = quota();
      if (now.level !== "unknown") {
        result.observe(remaining, now.remaining);
        result.observe(total, now.total);
      }
      result.observe(outbox, waiting());
    };
    const gauges = [remaining, total, outbox];
    this.#meter.addBatchObservableCallback(read, gauges);
    return () => this.#meter.removeBatchObservableCallback(read, gauges);
  }
}
