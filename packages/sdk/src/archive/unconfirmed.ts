/**
 * The own messages of a conversation that nobody has confirmed, page by page.
 * @module
 */
import type { MessageEntry, MessageStore } from "@chat/store";

const PAGE = 100;

/** Those that are queued, then those that were sent; newest first. */
export async function* unconfirmed(
  messages: MessageStore,
  conversationId: string,
): AsyncGenerator<MessageEntry, void, undefined> {
  for (const status of ["queued", "sent"] as const) {
    let before: number | undefined;
    for (;;) {
      const options = { limit: PAGE, conversationId, ...(before !== undefined && { before }) };
      const page = await messages.entriesWithStatus(status, options);
      yield* page;
      before = page.at(-1)?.sequence;
      if (page.length < PAGE) break;
    }
  }
}
