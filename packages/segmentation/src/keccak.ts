export { createKeccak256, type Keccak256, type KeccakBackend, keccak256, keccakBackend } from "./keccak/keccak256.ts";
