/** Resolves when `isTrue`; fails after `deadlineMs`, with what was waited for. */
export async function eventually(what: string, isTrue: () => boolean, deadlineMs = 8_000): Promise<void> {
  const deadline = performance.now() + deadlineMs;
  while (!isTrue()) {
    if (performance.now() > deadline) throw new Error(`not within ${deadlineMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
