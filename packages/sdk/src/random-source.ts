/**
 * The name under which `@chat/sdk/testing` gives a client its random bytes, so that a seed decides everything. The
 * package does not export it: keys of real people come from the platform.
 * @module
 */
import type { RandomBytes } from "@chat/ratchet";

export const RANDOM_SOURCE = Symbol("random source");

export type RandomSource = { readonly [RANDOM_SOURCE]?: RandomBytes };
