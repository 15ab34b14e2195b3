/**
 * Readers of parsed JSON that name the place of what is wrong.
 * @module
 */

export class ResultError extends Error {
  override readonly name = "ResultError";
  readonly code = "INVALID_RESULT";
}

export type Reader<Value> = (place: string, value: unknown) => Value;

export const text: Reader<string> = (place, value) => {
  if (typeof value === "string") return value;
  throw wrong(place, "a text", value);
};

export const number: Reader<number> = (place, value) => {
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw wrong(place, "a number", value);
};

export function oneOf<Word extends string>(...words: readonly Word[]): Reader<Word> {
  return (place, value) => {
    const found = words.find((word) => word === value);
    if (found !== undefined) return found;
    throw wrong(place, `one of ${words.join(", ")}`, value);
  };
}

export function array<Item>(read: Reader<Item>): Reader<Item[]> {
  return (place, value) => {
    if (!Array.isArray(value)) throw wrong(place, "a list", value);
    return value.map((item: unknown, index) => read(`${place}[${index}]`, item));
  };
}

export function record<Value>(read: Reader<Value>): Reader<Record<string, Value>> {
  return (place, value) =>
    Object.fromEntries(entriesOf(place, value).map(([name, item]) => [name, read(`${place}.${name}`, item)]));
}

export function optional<Value>(read: Reader<Value>): Reader<Value | undefined> {
  return (place, value) => (value === undefined ? undefined : read(place, value));
}

/** The fields of an object: `get` reads one, and is told what is wrong with it. */
export function fields(place: string, value: unknown) {
  const known = new Map(entriesOf(place, value));
  return {
    has: (name: string) => known.has(name),
    get: <Value>(name: string, read: Reader<Value>): Value => read(`${place}.${name}`, known.get(name)),
  };
}

function entriesOf(place: string, value: unknown): [string, unknown][] {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return Object.entries(value);
  throw wrong(place, "an object", value);
}

function wrong(place: string, wanted: string, value: unknown): ResultError {
  return new ResultError(
    `${place}: want ${wanted}, got ${value === undefined ? "nothing" : JSON.stringify(value)?.slice(0, 40)}`,
  );
}
