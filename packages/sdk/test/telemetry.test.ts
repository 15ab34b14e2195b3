import { type IncomingMessage, type LogFields, type Logger, text } from "@chat/sdk";
import { MemoryNetwork } from "@chat/sdk/testing";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { metrics } from "@opentelemetry/api";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { next, open, until } from "./people.ts";

const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
let provider: MeterProvider;

beforeEach(() => {
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  provider = new MeterProvider({ readers: [reader] });
  metrics.setGlobalMeterProvider(provider);
});

afterEach(async () => {
  metrics.disable();
  await provider.shutdown();
});

class Notebook implements Logger {
  readonly lines: { readonly level: string; readonly event: string; readonly fields: LogFields }[] = [];
  debug = this.#writer("debug");
  info = this.#writer("info");
  warn = this.#writer("warn");
  error = this.#writer("error");

  #writer(level: string) {
    return (event: string, fields: LogFields) => void this.lines.push({ level, event, fields });
  }
}

/** The newest value of a metric, summed over its attributes or of those given. */
async function metric(name: string, attributes: Record<string, string> = {}): Promise<unknown> {
  await provider.forceFlush();
  const all =
    exporter
      .getMetrics()
      .at(-1)
      ?.scopeMetrics.flatMap((scope) => scope.metrics) ?? [];
  const points = all.find(({ descriptor }) => descriptor.name === name)?.dataPoints ?? [];
  const wanted = Object.entries(attributes);
  return points.find((point) => wanted.every(([key, value]) => point.attributes[key] === value))?.value;
}

test("what happens is counted, and told to the logger, in words that hold no secret", async () => {
  const network = new MemoryNetwork();
  const notebook = new Notebook();
  await using raya = await open(network.connect());
  const ofSaro = network.connect();
  await using saro = await open(ofSaro, { logger: notebook });
  const link = await raya.createInvite();
  const chat = await saro.accept(link, text("a canary sings"));
  const { conversation }: IncomingMessage = await next(raya);
  await conversation.send(text("and another canary"));
  await next(saro);
  await until(async () => (await chat.history())[0]?.direction === "outgoing", "the history");
  ofSaro.setHealth("disconnected");
  ofSaro.setHealth("connected");
  network.inject({ topic: network.published[0]?.topic ?? "", payload: Uint8Array.of(1), timestampMs: 0, hash: "x" });
  await until(async () => (await metric("chat.messages.status", { status: "delivered" })) === 2, "both are delivered");

  expect(await metric("chat.messages.received")).toBe(2);
  expect(await metric("chat.discarded", { reason: "not-an-envelope" })).toBe(2);
  expect(await metric("chat.acknowledgement.duration")).toMatchObject({ count: 2 });
  expect(await metric("chat.quota.total")).toBe(100_000);
  await until(async () => (await metric("chat.outbox.envelopes")) === 0, "that they have left is durable");

  const events = notebook.lines.map(({ event }) => event);
  for (const event of ["message status", "message received", "connection", "discarded", "catch-up"]) {
    expect(events).toContain(event);
  }
  const told = JSON.stringify(notebook.lines) + JSON.stringify(exporter.getMetrics());
  for (const secret of ["canary", link, raya.accountId, saro.accountId, chat.id]) expect(told).not.toContain(secret);
});

test("after close nothing is observed any more", async () => {
  const notebook = new Notebook();
  const client = await open(new MemoryNetwork().connect(), { logger: notebook });
  expect(await metric("chat.quota.total")).toBe(100_000);
  await client.close();
  expect(notebook.lines.at(-1)).toEqual({ level: "info", event: "closed", fields: {} });
  exporter.reset();
  expect(await metric("chat.quota.total")).toBeUndefined();
});

test("a logger that throws stops nothing, and one that is none is refused", async () => {
  const network = new MemoryNetwork();
  const fail = () => {
    throw new Error("the disk of the logger is full");
  };
  await using raya = await open(network.connect(), { logger: { debug: fail, info: fail, warn: fail, error: fail } });
  await using saro = await open(network.connect(), { logger: new Notebook() });
  await saro.accept(await raya.createInvite(), text("hello"));
  await next(raya);
  const broken = { logger: { debug: fail, info: fail, warn: fail } as unknown as Logger };
  await expect(open(network.connect(), broken)).rejects.toMatchObject({
    code: "INVALID_OPTION",
    message: expect.stringContaining("logger.error"),
  });
});
