/**
 * The provider where there is no `node:crypto`. Reached as `#crypto`; in Node that is `platform.node.ts`.
 * @module
 */
export { createPortableCrypto as createCrypto } from "./portable.ts";
