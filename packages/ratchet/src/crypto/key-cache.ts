/**
 * What a provider prepared for a key, found again by the array that holds the key, and gone with it or when it is wiped.
 * An entry has a copy of the key, so that an array that was written over finds nothing.
 * @module
 */

type Entry<Prepared> = { readonly copy: Uint8Array; readonly prepared: Prepared };

const caches: ((key: Uint8Array) => void)[] = [];

/** Lets go of whatever was prepared for the key in this array. */
export function forgetKey(key: Uint8Array): void {
  for (const forget of caches) forget(key);
}

export interface KeyCache<Prepared> {
  /** What was prepared for the key in this array; prepared now if there is nothing or the bytes have changed. */
  get(key: Uint8Array): Prepared;
  put(key: Uint8Array, prepared: Prepared): void;
}

/** Call it once for each kind of key: a cache lives as long as its module. */
export function createKeyCache<Prepared>(prepare: (key: Uint8Array) => Prepared): KeyCache<Prepared> {
  const entries = new WeakMap<Uint8Array, Entry<Prepared>>();
  const forget = (key: Uint8Array): void => {
    const entry = entries.get(key);
    if (entry === undefined) return;
    entry.copy.fill(0);
    entries.delete(key);
  };
  const put = (key: Uint8Array, prepared: Prepared): void => {
    forget(key);
    entries.set(key, { copy: key.slice(), prepared });
  };
  caches.push(forget);
  return {
    put,
    get(key) {
      const entry = entries.get(key);
      if (entry !== undefined && isSame(entry.copy, key)) return entry.prepared;
      const prepared = prepare(key);
      put(key, prepared);
      return prepared;
    },
  };
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  let difference = a.length ^ b.length;
  for (let index = 0; index < a.length; index += 1) difference |= (a[index] ?? 0) ^ (b[index] ?? 0);
  return difference === 0;
}
