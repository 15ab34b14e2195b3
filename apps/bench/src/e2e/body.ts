/**
 * What both sides send: 200 bytes that name themselves.
 * @module
 */
const BODY_SIZE_BYTES = 200;

let count = 0;

/** Keys that were never used before in this process. */
export function newKeys(howMany: number): string[] {
  return Array.from({ length: howMany }, () => {
    count += 1;
    return `message ${count}`;
  });
}

/** @returns {@link BODY_SIZE_BYTES} characters of ASCII, so as many bytes */
export function bodyOf(key: string): string {
  return key.padEnd(BODY_SIZE_BYTES, ".");
}

export function keyOf(body: string): string {
  return body.replace(/\.+$/, "");
}
