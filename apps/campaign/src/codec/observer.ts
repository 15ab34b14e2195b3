/**
 * The cheap attacks of an observer who captured everything, each of which has to fail.
 * Thresholds: an attack on uniformly random bytes is reported as a success once in more than 10^7 captures.
 * @module
 */
import { deflateRawSync } from "node:zlib";
import { parseEnvelope } from "@chat/codec";
import type { Capture, Captured } from "./capture.ts";
import type { Counts } from "./hostile-decoders.ts";

/** Of a standard normal variable: exceeded once in 10^11, so that hundreds of positions may be tested. */
const FAR = 6.7;
const HEAD_BYTES = 64;
const KEY_BYTES = 32;

type Fields = { readonly hint: Uint8Array; readonly nonce: Uint8Array; readonly sealed: Uint8Array };

/** Throws what it finds out; otherwise how much was looked at. */
export function observe({ messages, names }: Capture): Counts {
  const parsed = messages.map(({ envelope }) => {
    const fields = parseEnvelope(envelope);
    if (!fields) throw new Error("an envelope that is none");
    return fields;
  });
  const random = parsed.map(({ hint, nonce, sealed }) => Buffer.concat([hint, nonce, sealed]));
  lookForNames(messages, names);
  const windows = lookForRepeats([...random, ...parsed.map(({ ephemeral }) => Buffer.from(ephemeral))]);
  lookForRepeatsInPlace(parsed);
  compareSizes(messages);
  lookAtKeys(parsed.map(({ ephemeral }) => ephemeral));
  countBytes("all bytes", random);
  for (let at = 0; at < 20 + HEAD_BYTES; at += 1) {
    countBytes(
      `byte ${at}`,
      random.map((bytes) => bytes.subarray(at, at + 1)),
    );
  }
  compress(random);
  const first = messages.filter(({ truth }) => truth.isFirst).length;
  return { messages: messages.length, windows, firstMessages: first };
}

/** An account key, a key of an invite, a session's name: nowhere, not even its first eight bytes. */
function lookForNames(messages: readonly Captured[], names: readonly Uint8Array[]): void {
  const everything = Buffer.concat(messages.map(({ bytes }) => bytes));
  for (const name of names) {
    if (everything.includes(Buffer.from(name.subarray(0, 8))))
      throw new Error("a name of an account or a session is visible");
  }
}

/**
 * Eight bytes that occur twice, anywhere. Of 5 million windows, two equal ones occur once in 10^6 captures, two such pairs
 * once in 10^12; a repeated key of 32 bytes is 25 pairs.
 */
function lookForRepeats(parts: readonly Buffer[]): number {
  const windows = new BigUint64Array(parts.reduce((sum, { length }) => sum + Math.max(0, length - 7), 0));
  let next = 0;
  for (const part of parts) {
    for (let at = 0; at + 8 <= part.length; at += 1) {
      windows[next] = part.readBigUInt64BE(at);
      next += 1;
    }
  }
  windows.sort();
  let repeats = 0;
  for (let at = 1; at < windows.length; at += 1) if (windows[at] === windows[at - 1]) repeats += 1;
  if (repeats > 1) throw new Error(`${repeats} sequences of eight bytes occur again`);
  return windows.length;
}

/** Four bytes at one place that two messages have in common, such as a counter: as many as chance gives. */
function lookForRepeatsInPlace(parsed: readonly Fields[]): void {
  const views = parsed.map(({ hint, nonce, sealed }) => Buffer.concat([hint, nonce, sealed.subarray(0, HEAD_BYTES)]));
  const expected = (parsed.length * (parsed.length - 1)) / 2 ** 33;
  let repeats = 0;
  const places = 20 + HEAD_BYTES - 3;
  for (let at = 0; at < places; at += 1) {
    const words = Uint32Array.from(views, (view) => view.readUInt32BE(at)).sort();
    for (let index = 1; index < words.length; index += 1) if (words[index] === words[index - 1]) repeats += 1;
  }
  // Poisson, roughly: overlapping places make it a little wider.
  const most = Math.ceil(expected * places + 8 * Math.sqrt(expected * places) + 10);
  if (repeats > most) throw new Error(`${repeats} repeats of four bytes in place, want at most ${most}`);
}

/** Texts of 1 and 100 characters, and acknowledgements, have the same lengths; so have first messages and others. */
function compareSizes(messages: readonly Captured[]): void {
  const lengthsOf = (of: (message: Captured) => boolean) =>
    [...new Set(messages.filter(of).map(({ bytes }) => bytes.length))].sort((a, b) => a - b).join();
  const short = (message: Captured) => message.truth.what !== "1000";
  const seen = {
    one: lengthsOf(({ truth }) => truth.what === "1"),
    hundred: lengthsOf(({ truth }) => truth.what === "100"),
    acknowledgement: lengthsOf(({ truth }) => truth.what === "acknowledgement"),
  };
  if (new Set(Object.values(seen)).size !== 1) throw new Error(`lengths tell what it is: ${JSON.stringify(seen)}`);
  for (const isShort of [true, false]) {
    const first = lengthsOf((message) => message.truth.isFirst && short(message) === isShort);
    const others = lengthsOf((message) => !message.truth.isFirst && short(message) === isShort);
    if (first !== "" && others !== "" && first !== others) {
      throw new Error(`lengths tell first messages: ${first} against ${others}`);
    }
  }
}

/** Every message has a key, so that none marks a beginning, and it looks like any other. */
function lookAtKeys(keys: readonly Uint8Array[]): void {
  const without = keys.filter(({ length }) => length !== KEY_BYTES).length;
  if (without > 0) throw new Error(`${without} messages without a key`);
  if (keys.some((key) => (key[KEY_BYTES - 1] ?? 0) > 127)) throw new Error("a key with bit 255 set");
  countBytes(
    "keys, but their last byte",
    keys.map((key) => key.subarray(0, KEY_BYTES - 1)),
  );
}

/** Chi-square of 256 byte values; too even is as wrong as too uneven. Wilson and Hilferty's approximation. */
function countBytes(what: string, parts: readonly Uint8Array[]): void {
  const counts = new Float64Array(256);
  let total = 0;
  for (const part of parts) {
    for (const byte of part) counts[byte] = (counts[byte] ?? 0) + 1;
    total += part.length;
  }
  const expected = total / 256;
  // Below that, chi-square is no longer what the approximation is for.
  if (expected < 5) return;
  const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  const spread = 2 / (9 * 255);
  const deviation = (Math.cbrt(chiSquare / 255) - (1 - spread)) / Math.sqrt(spread);
  if (Math.abs(deviation) > FAR) throw new Error(`${what}: not uniform, ${deviation.toFixed(1)} deviations off`);
}

/** What repeats in any way that deflate finds would be shorter. */
function compress(parts: readonly Buffer[]): void {
  const everything = Buffer.concat(parts);
  const length = deflateRawSync(everything).length;
  if (length < everything.length) throw new Error(`compressed, ${everything.length} bytes are ${length}`);
}
