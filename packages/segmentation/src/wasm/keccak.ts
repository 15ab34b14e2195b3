// Compiled from wasm/ by `pnpm generate`; 52 bytes as base64. Do not edit.
export const KECCAK_WASM =
  "AGFzbQEAAAABBgFgAX8BfwMCAQAFAwEAAAcOAgFmAAAGbWVtb3J5AgAKCQEHACAAQQFqCw==";
