/**
 * The provider in Node. Reached as `#crypto`; elsewhere that is `platform.ts`.
 * @module
 */
export { createNodeCrypto as createCrypto } from "./node.ts";
