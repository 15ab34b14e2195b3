/**
 * The script of the page that `chromium-cases.ts` opens.
 * @module
 */
import { createCrypto } from "@chat/ratchet";
import { doubleRatchetTs } from "./double-ratchet-ts.ts";
import { type Duo, measure, type OpenDuo, type Pattern } from "./duo.ts";
import { openOlm } from "./olm.ts";
import { ours } from "./ours.ts";
import { twoKeyRatchet } from "./two-key-ratchet.ts";

export type Library = "ours" | "olm" | "double-ratchet-ts" | "2key-ratchet";

const LIBRARIES: Readonly<Record<Library, OpenDuo>> = {
  ours: ours(createCrypto()),
  olm: openOlm("/olm.wasm"),
  "double-ratchet-ts": doubleRatchetTs,
  "2key-ratchet": twoKeyRatchet,
};

const duos = new Map<Library, Promise<Duo>>();

/** One round of a library, which stays in its session. @returns messages in a second */
async function measureRound(library: Library, pattern: Pattern, plaintext: readonly number[]): Promise<number> {
  const duo = duos.get(library) ?? LIBRARIES[library](Uint8Array.from(plaintext));
  duos.set(library, duo);
  return measure(await duo, pattern);
}

// olm takes it for a variable that it may set, which a module forbids.
Object.assign(globalThis, { measureRound, OLM_OPTIONS: undefined });
