/**
 * What two people write to each other: of a seed, an author and a number, so that nobody has to keep it.
 * @module
 */
import { createHash } from "node:crypto";
import { type Content, file, isFile, isText, text } from "@chat/sdk";
import { Random } from "../random.ts";
import type { Letter } from "./diary.ts";

export const NAMES = ["raya", "saro"] as const;
export type Name = (typeof NAMES)[number];

/** In bytes. */
export type FileSizes = { readonly smallest: number; readonly largest: number };

export type Source = { readonly seed: number; readonly author: Name; readonly files: FileSizes };

export function textOf({ seed, author }: Source, number: number): Content {
  const random = randomOf(seed, author, number);
  const length = random.chance(0.1) ? random.between(500, 5_000) : random.between(0, 100);
  return text(`${author} ${number} ${"x".repeat(length)}`);
}

export function fileOf({ seed, author, files }: Source, number: number): Content {
  const random = randomOf(seed, author, number);
  const bytes = random.bytes(random.between(files.smallest, files.largest));
  return file({ name: `${author} ${number}`, mediaType: "application/octet-stream", bytes });
}

/** @throws TypeError for what is no such content */
export function letterOf(content: Content): Letter {
  if (isText(content)) return { what: "text", number: numberIn(content.text), digest: sha256(content.text) };
  if (isFile(content)) return { what: "file", number: numberIn(content.name), digest: sha256(content.bytes) };
  throw new TypeError(`content: want a text or a file, got ${content.kind}`);
}

export function sha256(bytes: Uint8Array | string): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function numberIn(words: string): number {
  return Number(words.split(" ")[1]);
}

function randomOf(seed: number, author: Name, number: number): Random {
  return new Random(seed, 2 * number + NAMES.indexOf(author));
}
