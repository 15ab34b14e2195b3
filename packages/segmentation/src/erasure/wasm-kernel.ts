/**
 * Rows in the memory of a WebAssembly instance: the source is in `wasm/erasure*.ts`.
 * @module
 */
import { type Field, fieldOf } from "./field.ts";
import { MAX_PRODUCT_INPUTS, type RowKernel } from "./row-kernel.ts";

/** What `wasm/erasure.ts` exports. Numbers are addresses and bytes but for counts, points and factors. */
type Exports = {
  readonly memory: WebAssembly.Memory;
  tables8(): number;
  tables16(): number;
  free(): number;
  add(to: number, from: number, width: number): void;
  readonly scale8: Scale;
  readonly scale16: Scale;
  readonly inverse8: Inverse;
  readonly inverse16: Inverse;
  readonly forward8: Forward;
  readonly forward16: Forward;
  factors(): number;
  readonly product8: Product;
  readonly product16: Product;
};
type Scale = (row: number, width: number, factor: number) => void;
type Inverse = (
  row: number,
  stride: number,
  width: number,
  count: number,
  used: number,
  point: number,
  into: number,
) => void;
type Forward = (row: number, stride: number, width: number, count: number, point: number, needed: number) => void;
type Product = (to: number, outputs: number, from: number, inputs: number, stride: number, width: number) => void;

const PAGE_BYTES = 65_536;
const MAX_ROWS = 65_536;
/** Makes the distance of rows an odd multiple of 64: rows at multiples of 4 KiB would compete for the same cache lines. */
const ODD_BLOCK_BYTES = 64;
/** So many outputs stay in registers. */
const PRODUCT_OUTPUTS = 4;

export class WasmKernel implements RowKernel {
  readonly #exports: Exports;
  readonly #scale: Scale;
  readonly #inverse: Inverse;
  readonly #forward: Forward;
  readonly #product: Product;
  /** One byte for each row. */
  readonly #flags: number;
  readonly #rows: number;
  #factors: Uint16Array;
  #memory: Uint8Array;
  #width = 0;
  #stride = 0;
  /** Of what was held since the last `close`. */
  #end = 0;

  constructor(module: WebAssembly.Module, field: Field) {
    const exports = new WebAssembly.Instance(module).exports as Exports;
    this.#exports = exports;
    this.#scale = field.bits === 8 ? exports.scale8 : exports.scale16;
    this.#inverse = field.bits === 8 ? exports.inverse8 : exports.inverse16;
    this.#forward = field.bits === 8 ? exports.forward8 : exports.forward16;
    this.#product = field.bits === 8 ? exports.product8 : exports.product16;
    this.#factors = this.#factorsOf(exports.memory);
    this.#flags = exports.free();
    this.#rows = this.#flags + MAX_ROWS;
    this.#memory = new Uint8Array(exports.memory.buffer);
    if (field.bits === 8) writeTables8(this.#memory, exports.tables8());
    else writeTables16(this.#memory, exports.tables16());
  }

  open(rows: number, rowBytes: number): void {
    this.#width = rowBytes;
    this.#stride = rowBytes | ODD_BLOCK_BYTES;
    const end = this.#rows + rows * this.#stride;
    this.#end = Math.max(this.#end, end);
    const { memory } = this.#exports;
    const pages = Math.ceil((end - memory.buffer.byteLength) / PAGE_BYTES);
    if (pages > 0) {
      memory.grow(pages);
      this.#memory = new Uint8Array(memory.buffer);
      this.#factors = this.#factorsOf(memory);
    }
  }

  close(): void {
    this.#memory.fill(0, this.#rows, this.#end);
    this.#end = 0;
  }

  get memory(): Uint8Array {
    return this.#memory;
  }

  load(row: number, shard: Uint8Array, from: number): void {
    const start = this.#at(row);
    const part = shard.subarray(from, from + this.#width);
    this.#memory.set(part, start);
    if (part.length < this.#width) this.#memory.fill(0, start + part.length, start + this.#width);
  }

  store(row: number, shard: Uint8Array, from: number): void {
    const start = this.#at(row);
    const length = Math.min(this.#width, shard.length - from);
    if (length > 0) shard.set(this.#memory.subarray(start, start + length), from);
  }

  clear(row: number): void {
    const start = this.#at(row);
    this.#memory.fill(0, start, start + this.#width);
  }

  copy(to: number, from: number, count: number): void {
    this.#memory.copyWithin(this.#at(to), this.#at(from), this.#at(from + count));
  }

  add(to: number, from: number): void {
    this.#exports.add(this.#at(to), this.#at(from), this.#width);
  }

  scale(row: number, factor: number): void {
    this.#scale(this.#at(row), this.#width, factor);
  }

  inverse(row: number, count: number, used: number, point: number): void {
    for (let unused = row + used; unused < row + count; unused++) this.clear(unused);
    this.#inverse(this.#at(row), this.#stride, this.#width, count, used, point, 0);
  }

  inverseInto(sum: number, row: number, count: number, used: number, point: number): void {
    for (let unused = row + used; unused < row + count; unused++) this.clear(unused);
    this.#inverse(this.#at(row), this.#stride, this.#width, count, used, point, this.#at(sum));
  }

  forward(row: number, count: number, point: number, needed: Uint8Array): void {
    this.#memory.set(needed, this.#flags);
    this.#forward(this.#at(row), this.#stride, this.#width, count, point, this.#flags);
  }

  product(to: number, outputs: number, from: number, inputs: number, factors: Uint16Array): void {
    const row = this.#at(from);
    for (let output = 0; output < outputs; output += PRODUCT_OUTPUTS) {
      const count = Math.min(PRODUCT_OUTPUTS, outputs - output);
      this.#factors.set(factors.subarray(output * inputs, (output + count) * inputs));
      this.#product(this.#at(to + output), count, row, inputs, this.#stride, this.#width);
    }
  }

  #factorsOf(memory: WebAssembly.Memory): Uint16Array {
    return new Uint16Array(memory.buffer, this.#exports.factors(), PRODUCT_OUTPUTS * MAX_PRODUCT_INPUTS);
  }

  #at(row: number): number {
    return this.#rows + row * this.#stride;
  }
}

function writeTables8(memory: Uint8Array, start: number): void {
  const field = fieldOf(8);
  for (let factor = 0; factor < 256; factor++) {
    for (let nibble = 0; nibble < 16; nibble++) {
      memory[start + factor * 32 + nibble] = field.multiply(factor, nibble);
      memory[start + factor * 32 + 16 + nibble] = field.multiply(factor, nibble << 4);
    }
  }
}

/** Tables of 0 to 255, then of 0, 256 to 65,280. */
function writeTables16(memory: Uint8Array, start: number): void {
  const field = fieldOf(16);
  for (let index = 0; index < 512; index++) {
    const factor = index < 256 ? index : (index - 256) << 8;
    const table = start + index * 128;
    for (let entry = 0; entry < 64; entry++) {
      const product = field.multiply(factor, (entry & 15) << ((entry >> 4) * 4));
      memory[table + entry] = product;
      memory[table + 64 + entry] = product >> 8;
    }
  }
}
