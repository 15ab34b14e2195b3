import {
  generateKemKeyPair,
  generateKeyPair,
  isValidKemPublicKey,
  isValidPublicKey,
  signXeddsa,
  verifyXeddsa,
} from "@chat/ratchet";
import { expect, test } from "@jest/globals";
import { encodeQR } from "qr";
import decodeQR from "qr/decode.js";
import {
  compareSafetyCode,
  encodeInvite,
  inviteSigningInput,
  inviteUrl,
  parseInvite,
  safetyNumber,
} from "../src/index.ts";
import { qrSvg, qrTerminal } from "../src/qr.ts";

let counter = 0;
const random = (length: number) => {
  counter += 17;
  return Uint8Array.from({ length }, (_, index) => (index * 31 + counter) & 255);
};
const installation = generateKeyPair(random);
const ephemeralKey = generateKeyPair(random).publicKey;
const kemKey = generateKemKeyPair(random).publicKey;
const sign = (message: Uint8Array) => signXeddsa(installation.secretKey, message, random);
const bundle = {
  installationKey: installation.publicKey,
  ephemeralKey,
  kemKey,
  signature: sign(inviteSigningInput(ephemeralKey, kemKey)),
};
const checks = { isValidPublicKey, verify: verifyXeddsa, isValidKemPublicKey };
const link = encodeInvite(bundle);
const invalid = (message: RegExp) =>
  expect.objectContaining({ code: "INVALID_INVITE", message: expect.stringMatching(message) });

test("a hybrid invite is a link of 1,780 characters that comes back as it was", () => {
  expect(link).toMatch(/^logos_chatintro_2_[\w-]+$/);
  expect(link).toHaveLength(1_780);
  expect(parseInvite(link, checks)).toEqual(bundle);
  expect(parseInvite(inviteUrl("https://chat.example/join", link), checks)).toEqual(bundle);
});

test("its signature is over both keys: neither can be exchanged, and none taken away", () => {
  const otherKem = generateKemKeyPair(random).publicKey;
  const otherKey = generateKeyPair(random).publicKey;
  const { kemKey: _, ...classical } = bundle;
  for (const changed of [{ ...bundle, kemKey: otherKem }, { ...bundle, ephemeralKey: otherKey }, classical]) {
    expect(() => parseInvite(encodeInvite(changed), checks)).toThrow(invalid(/signature/));
  }
  expect(() => parseInvite(link.replace("_2_", "_1_"), checks)).toThrow(invalid(/signature/));
  const ofClassical = encodeInvite({ ...classical, signature: sign(inviteSigningInput(ephemeralKey)) });
  expect(() => parseInvite(ofClassical.replace("_1_", "_2_"), checks)).toThrow(invalid(/cut off/));
});

test("a program without ML-KEM asks for an update, and a key with too large coefficients is refused", () => {
  const { isValidKemPublicKey: _, ...classicalChecks } = checks;
  expect(() => parseInvite(link, classicalChecks)).toThrow(invalid(/update the program/));
  const broken = new Uint8Array(1_184).fill(0xff);
  const signed = { ...bundle, kemKey: broken, signature: sign(inviteSigningInput(ephemeralKey, broken)) };
  expect(() => parseInvite(encodeInvite(signed), checks)).toThrow(invalid(/signature/));
});

test("a page with a fragment, or none at all, takes no invite", () => {
  for (const page of ["https://chat.example/#top", "chat"]) {
    expect(() => inviteUrl(page, link)).toThrow(expect.objectContaining({ code: "INVALID_OPTION" }));
  }
});

test.each([
  ["a hybrid invite as a URL", inviteUrl("https://chat.example/join", link), 157],
  ["a safety code", safetyNumber(installation.publicKey, ephemeralKey).code, 49],
])("%s fits a QR code, which a reader reads", (_name, value, mostColumns) => {
  const ecc = value.length > 400 ? "low" : "medium";
  const modules = encodeQR(value, "raw", { ecc, border: 4 });
  expect(modules.length).toBeLessThanOrEqual(mostColumns);
  const scale = 4;
  const width = modules.length * scale;
  const pixels = Uint8Array.from({ length: width * width * 3 }, (_, index) => {
    const pixel = Math.floor(index / 3);
    const row = modules[Math.floor(pixel / width / scale)];
    return row?.[Math.floor((pixel % width) / scale)] ? 0 : 255;
  });
  expect(decodeQR({ width, height: width, data: pixels })).toBe(value);
  expect(qrSvg(value)).toMatch(/^<svg [^>]*viewBox="0 0 (\d+) \1"/);
  const lines = qrTerminal(value).trimEnd().split("\n");
  expect(lines[0]?.length).toBe(modules.length);
  expect(lines.length).toBe(Math.ceil(modules.length / 2));
});

test("what no QR code holds is refused", () => {
  for (const value of ["", "x".repeat(2_954)]) {
    expect(() => qrSvg(value)).toThrow(expect.objectContaining({ code: "INVALID_OPTION" }));
  }
});

test("a scanned safety code is a match, a mismatch, of a newer version, or unreadable", () => {
  const own = safetyNumber(installation.publicKey, ephemeralKey);
  const other = safetyNumber(installation.publicKey, installation.publicKey);
  expect(own.digits).toMatch(/^[0-9]{60}$/);
  expect(compareSafetyCode(` ${own.code}\n`, own)).toBe("match");
  expect(compareSafetyCode(other.code, own)).toBe("mismatch");
  expect(compareSafetyCode(own.code.replace("_1_", "_2_"), own)).toBe("newer-version");
  for (const scanned of ["", link, own.code.slice(0, -1), `${own.code.slice(0, -1)}!`]) {
    expect(compareSafetyCode(scanned, own)).toBe("unreadable");
  }
});
