/**
 * The implementations of the port, all of which must pass every vector.
 * @module
 */
import { createNodeCrypto } from "../src/crypto/node.ts";
import { createPortableCrypto } from "../src/crypto/portable.ts";
import type { Crypto } from "../src/index.ts";

export const PROVIDERS: readonly { readonly provider: string; readonly crypto: Crypto }[] = [
  { provider: "portable", crypto: createPortableCrypto() },
  { provider: "portable, libraries alone", crypto: createPortableCrypto({ kernels: "library" }) },
  { provider: "node", crypto: createNodeCrypto() },
  { provider: "node, libraries alone", crypto: createNodeCrypto({ kernels: "library" }) },
];
