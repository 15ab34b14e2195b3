/**
 * What a writing process and its parent tell each other.
 * @module
 */
import type { PartName } from "./parts.ts";
import type { StoreFiles } from "./store-files.ts";

/** How many steps of each part there are, and how often the key was changed. */
export type StepCounts = Readonly<Record<PartName | "keys", number>>;

export type KillsOrder = { readonly files: StoreFiles; readonly seed: number; readonly done: StepCounts };

export type KillsLine =
  | { readonly kind: "open" }
  | { readonly kind: "acknowledged"; readonly part: keyof StepCounts; readonly number: number };

/** Of each part at one time. */
export const UNDER_WAY = 3;
