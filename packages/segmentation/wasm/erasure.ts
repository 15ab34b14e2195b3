/**
 * The Reed-Solomon kernel. Addresses, not rows: the host keeps the layout. What each function does is said in
 * `src/erasure/row-kernel.ts`.
 */
import * as ff8 from "./erasure-ff8";
import * as ff16 from "./erasure-ff16";
import { add } from "./erasure-rows";
import { forward, inverse } from "./erasure-transform";

export { add };

/** Of 4 outputs and 32 inputs; 16 bits each. */
const FACTORS = memory.data(4 * 32 * 2, 64);
const PRODUCT_TABLES = memory.data(4 * 32 * 128, 64);

export function factors(): usize {
  return FACTORS;
}

export function tables8(): usize {
  return ff8.TABLES;
}
export function tables16(): usize {
  return ff16.TABLES;
}
/** First address that is free for rows. */
export function free(): usize {
  return (__heap_base + 63) & ~63;
}
export function inverse8(x: usize, stride: usize, width: usize, count: u32, used: u32, point: u32, into: usize): void {
  inverse<u8>(x, stride, width, count, used, point, into);
}
export function inverse16(x: usize, stride: usize, width: usize, count: u32, used: u32, point: u32, into: usize): void {
  inverse<u16>(x, stride, width, count, used, point, into);
}
export function forward8(x: usize, stride: usize, width: usize, count: u32, point: u32, needed: usize): void {
  forward<u8>(x, stride, width, count, point, needed);
}
export function forward16(x: usize, stride: usize, width: usize, count: u32, point: u32, needed: usize): void {
  forward<u16>(x, stride, width, count, point, needed);
}
export function scale8(x: usize, width: usize, factor: u32): void {
  ff8.scale(x, width, factor);
}
export function scale16(x: usize, width: usize, factor: u32): void {
  ff16.scale(x, width, factor);
}
/** @param outputs - 1 to 4 */
export function product8(to: usize, outputs: u32, from: usize, inputs: u32, stride: usize, width: usize): void {
  ff8.product(to, outputs, from, inputs, stride, width, FACTORS, PRODUCT_TABLES);
}
export function product16(to: usize, outputs: u32, from: usize, inputs: u32, stride: usize, width: usize): void {
  ff16.product(to, outputs, from, inputs, stride, width, FACTORS, PRODUCT_TABLES);
}
