/**
 * QR codes of invite links and safety codes, for terminals and as SVG. A path of its own (`@chat/codec/qr`), so that a
 * program without QR codes does not carry the library.
 * @module
 */
import { encodeQR } from "qr";
import { CodecError } from "./errors.ts";

/** Bytes that the largest code, 177 modules wide, holds at the lowest error correction. */
const MAX_BYTES = 2_953;
/** Up to here, a code survives 15 % damage and is still small. */
const MEDIUM_BYTES = 400;

/**
 * The code in lines of half blocks for a terminal with a light or dark background, quiet zone included. An invite is 65
 * columns wide or less; a hybrid one 149, so show that as SVG.
 *
 * @throws {@link CodecError} `INVALID_OPTION` for more than 2,953 bytes
 */
export function qrTerminal(text: string): string {
  return encodeQR(text, "ascii", options(text));
}

/** The code as an SVG document, which scales to any size. @throws {@link CodecError} as {@link qrTerminal} */
export function qrSvg(text: string): string {
  return encodeQR(text, "svg", options(text));
}

function options(text: string): { readonly ecc: "low" | "medium"; readonly border: number } {
  const length = new TextEncoder().encode(text).length;
  if (length === 0 || length > MAX_BYTES) {
    throw new CodecError("INVALID_OPTION", `text: want 1 to ${MAX_BYTES} bytes, got ${length}`);
  }
  return { ecc: length <= MEDIUM_BYTES ? "medium" : "low", border: 4 };
}
