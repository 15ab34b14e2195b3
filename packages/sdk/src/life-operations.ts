/**
 * What can be asked about how far messages come, and done about it.
 * @module
 */
import type { ConversationOperations } from "./conversation.ts";
import type { TransferProgress } from "./notifier.ts";
import type { Parts } from "./parts.ts";
import { outgoingProgress } from "./sending/progress.ts";
import { outgoingMessage, statusesOf, waitForStatus } from "./sending/status-wait.ts";
import type { SentOperations } from "./sent-message.ts";

type LifeOperations = SentOperations & Pick<ConversationOperations, "markRead" | "typing" | "transfers">;

/** @param checkOpen - throws once the client is closed */
export function lifeOperations(
  { context, life }: Pick<Parts, "context" | "life">,
  closing: AbortSignal,
  checkOpen: () => void,
): LifeOperations {
  return {
    async markRead({ id }, upTo) {
      checkOpen();
      const sequence = upTo?.sequence ?? Number.MAX_SAFE_INTEGER;
      await context.store.write(({ messages }) => messages.setRead(id, sequence));
      life.signals.read(id);
    },
    async typing({ id }, isTyping) {
      checkOpen();
      await life.signals.typing(id, isTyping);
    },
    async transfers({ id }) {
      checkOpen();
      const outgoing: TransferProgress[] = [];
      for (const { messageId } of context.transfers.all()) {
        const progress = await outgoingProgress(context, messageId);
        if (progress?.conversationId === id) outgoing.push(progress);
      }
      return [...outgoing, ...life.incoming.all(id)];
    },
    async statusOf(id) {
      checkOpen();
      return (await outgoingMessage(context, id)).status;
    },
    statuses(id, options) {
      checkOpen();
      return statusesOf(context, id, options, closing);
    },
    waiting(id) {
      checkOpen();
      return context.outbox.waiting(id);
    },
    waitFor(id, wanted, options) {
      checkOpen();
      return waitForStatus(context, id, wanted, options, closing);
    },
    async progress(id) {
      checkOpen();
      return outgoingProgress(context, id);
    },
    async setPaused(id, isPaused) {
      checkOpen();
      return isPaused ? life.outgoing.pause(id) : life.outgoing.resume(id);
    },
    async cancel({ id: conversationId }, messageId) {
      checkOpen();
      if (context.transfers.get(messageId) !== undefined) return life.outgoing.cancel(messageId);
      return life.incoming.refuse(conversationId, messageId);
    },
  };
}
