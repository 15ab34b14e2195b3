/** One side of a conversation under virtual time, with everything it emits. @module */
import { type ChatClientOptions, type ChatEvent, isText } from "@chat/sdk";
import { openMemoryStore, type Store } from "@chat/store";
import { open } from "./people.ts";
import type { VirtualClock } from "./virtual-clock.ts";

export async function openPerson<Delivery extends Parameters<typeof open>[0]>(
  delivery: Delivery,
  options: Partial<ChatClientOptions> & { readonly clock: VirtualClock },
) {
  const store: Store = openMemoryStore();
  const client = await open(delivery, { database: store, ...options });
  const events: ChatEvent[] = [];
  const texts: string[] = [];
  void (async () => {
    for await (const event of client.events()) events.push(event);
  })();
  void (async () => {
    for await (const { content } of client.messages()) texts.push(isText(content) ? content.text : content.kind);
  })();
  return { client, store, delivery, events, texts };
}

export function errorsOf({ events }: { readonly events: readonly ChatEvent[] }): unknown[] {
  return events.flatMap((event) => (event.type === "error" ? [event.error] : []));
}
