/**
 * The script of the page that `chromium.test.ts` opens. Its input is in the page, its report goes into the page, and it
 * names the package as an application would.
 * @module
 */
import { Reassembler, type ReassemblerOptions, Segmenter, type SegmenterOptions } from "@chat/segmentation";
import { type ErasureBackend, ErasureCode } from "@chat/segmentation/erasure";
import { createKeccak256, type KeccakBackend, keccakBackend } from "@chat/segmentation/keccak";
import { payloadOf } from "../payloads.ts";

/** What each backend encodes and decodes, if it is there. */
export type PageInput = readonly { readonly backend: ErasureBackend; readonly shapes: readonly Shape[] }[];

export type PageReport = {
  readonly erasure: {
    readonly byDefault: ErasureBackend;
    readonly whenJsIsNamed: ErasureBackend;
    readonly results: readonly CodeResult[];
  };
  readonly keccak: { readonly byDefault: KeccakBackend; readonly digests: readonly KeccakResult[] };
  readonly payloads: readonly PayloadResult[];
  /** How many messages two sends of one blinded payload have in common. */
  readonly equalBlindMessages: number;
  readonly encodeMegabytesPerSecond: number;
};

export type Shape = { readonly k: number; readonly m: number; readonly bytes: number };
/** `sha256` is that of all parity; `isRecovered` says that the first m data shards came back from it. */
export type CodeResult = Shape & {
  readonly backend: ErasureBackend;
  readonly sha256: string;
  readonly isRecovered: boolean;
};
export type KeccakResult = { readonly backend: KeccakBackend; readonly of: string; readonly hex: string };
export type PayloadResult = {
  readonly field: "8-bit" | "16-bit";
  readonly blind: boolean;
  readonly isStreamed: boolean;
  readonly sent: number;
  readonly lost: number;
  readonly isWhole: boolean;
};

const PAYLOAD = payloadOf(3 * 2 ** 20);
/** With which the payload takes the one field or the other. */
const MESSAGE_SIZES = { "8-bit": 20_000, "16-bit": 10_000 } as const;
/** Of the measurement: 112 + 16 shards of 100 KiB. */
const MEASURED: Shape = { k: 112, m: 16, bytes: 102_400 };
const MEASURED_MS = 333;

report().then(
  (result) => show(result),
  (error: unknown) => show({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
);

function show(result: PageReport | { readonly error: string }): void {
  document.querySelector("#report")?.append(JSON.stringify(result));
}

async function report(): Promise<PageReport> {
  const input: PageInput = JSON.parse(document.querySelector("#input")?.textContent ?? "");
  return {
    erasure: {
      byDefault: new ErasureCode().backend,
      whenJsIsNamed: new ErasureCode({ backend: "js" }).backend,
      results: await codeResults(input),
    },
    keccak: { byDefault: keccakBackend(), digests: keccakResults() },
    payloads: await payloadResults(),
    equalBlindMessages: equalBlindMessages(),
    encodeMegabytesPerSecond: encodeMegabytesPerSecond(),
  };
}

async function codeResults(input: PageInput): Promise<CodeResult[]> {
  const results: CodeResult[] = [];
  for (const { backend, shapes } of input) {
    if (!isThere(() => new ErasureCode({ backend }))) continue;
    const code = new ErasureCode({ backend });
    for (const { k, m, bytes } of shapes) {
      const data = dataShards({ k, m, bytes });
      const parity = emptyShards(m, bytes);
      code.encode(data, parity, bytes);
      const recovered = emptyShards(m, bytes);
      const arriving = data.map((shard, index) => (index < m ? undefined : shard));
      code.decode(arriving, parity, recovered, bytes);
      const isRecovered = recovered.every((shard, index) => isEqual(shard, data[index]));
      results.push({ backend, k, m, bytes, sha256: await sha256(parity), isRecovered });
    }
  }
  return results;
}

function keccakResults(): KeccakResult[] {
  const inputs = { nothing: new Uint8Array(), abc: new TextEncoder().encode("abc"), zeros: new Uint8Array(1_000_000) };
  const backends = (["native", "wasm", "js"] as const).filter((backend) => isThere(() => createKeccak256({ backend })));
  return backends.flatMap((backend) => {
    return Object.entries(inputs).map(([of, input]) => {
      return { backend, of, hex: toHex(createKeccak256({ backend }).update(input).digest()) };
    });
  });
}

/** 3 MB each; either field, blind or not, and streamed or not come in every combination of two. */
async function payloadResults(): Promise<PayloadResult[]> {
  const results: PayloadResult[] = [];
  for (const [field, blind, isStreamed] of [
    ["8-bit", false, false],
    ["8-bit", true, true],
    ["16-bit", false, true],
    ["16-bit", true, false],
  ] as const) {
    const options = { maxMessageSize: MESSAGE_SIZES[field], blind };
    const messages = isStreamed ? await streamed(options) : [...new Segmenter(options).segment(PAYLOAD)];
    results.push({ field, blind, isStreamed, ...received(messages, options) });
  }
  return results;
}

/** In the pieces that the browser makes. */
async function streamed(options: SegmenterOptions): Promise<Uint8Array[]> {
  const stream = new Blob([new Uint8Array(PAYLOAD)]).stream();
  return Array.fromAsync(new Segmenter(options).segmentStream(stream));
}

/** Every eighth message does not arrive. */
function received(
  messages: readonly Uint8Array[],
  options: ReassemblerOptions,
): Pick<PayloadResult, "sent" | "lost" | "isWhole"> {
  const reassembler = new Reassembler(options);
  const arriving = messages.filter((_, index) => index % 8 !== 7);
  const whole = arriving.map((message) => reassembler.accept(message)).find((result) => result.kind === "complete");
  const isWhole = whole !== undefined && isEqual(whole.payload, PAYLOAD);
  return { sent: messages.length, lost: messages.length - arriving.length, isWhole };
}

function equalBlindMessages(): number {
  const segmenter = new Segmenter({ maxMessageSize: MESSAGE_SIZES["16-bit"], blind: true });
  const payload = PAYLOAD.subarray(0, 300_000);
  const [first, second] = [[...segmenter.segment(payload)], [...segmenter.segment(payload)]];
  return first.filter((message, index) => isEqual(message, second[index])).length;
}

/** By the default backend, of data; the median of what a third of a second allows, and of three at least. */
function encodeMegabytesPerSecond(): number {
  const { k, m, bytes } = MEASURED;
  const code = new ErasureCode();
  const data = dataShards(MEASURED);
  const parity = emptyShards(m, bytes);
  const timesMs: number[] = [];
  const startedMs = performance.now();
  while (timesMs.length < 3 || performance.now() - startedMs < MEASURED_MS) {
    const beganMs = performance.now();
    code.encode(data, parity, bytes);
    timesMs.push(performance.now() - beganMs);
  }
  const medianMs = timesMs.sort((a, b) => a - b)[timesMs.length >> 1] ?? Number.NaN;
  return (k * bytes) / medianMs / 1_000;
}

/** As the vectors have them: byte i of shard j is i × 37 + j × 101 + 11, of which 256 bytes repeat. */
function dataShards({ k, bytes }: Shape): Uint8Array[] {
  return Array.from({ length: k }, (_, shard) => {
    const data = new Uint8Array(bytes);
    for (let index = 0; index < Math.min(256, bytes); index++) data[index] = index * 37 + shard * 101 + 11;
    for (let done = 256; done < bytes; done *= 2) data.copyWithin(done, 0, done);
    return data;
  });
}

function emptyShards(count: number, bytes: number): Uint8Array[] {
  return Array.from({ length: count }, () => new Uint8Array(bytes));
}

async function sha256(shards: readonly Uint8Array[]): Promise<string> {
  const all = await new Blob(shards.map((shard) => new Uint8Array(shard))).arrayBuffer();
  return toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", all)));
}

function isThere(make: () => unknown): boolean {
  try {
    return make() !== undefined;
  } catch {
    return false;
  }
}

function isEqual(a: Uint8Array, b: Uint8Array | undefined): boolean {
  return a.length === b?.length && a.every((byte, index) => byte === b[index]);
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
