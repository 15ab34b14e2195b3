/**
 * An application that remembers, over all lives of its process, what it sent, what it was shown, and what it was told:
 * the truth that a simulation is checked against.
 * @module
 */
import { file, isFile, isText, text } from "@chat/codec";
import { equalBytes } from "../bytes.ts";
import type { ChatClient } from "../client.ts";
import type { Conversation } from "../conversation.ts";
import type { ChatEvent } from "../events.ts";
import type { Content, DeliveryStatus } from "../message.ts";
import type { SimulatedPerson } from "./simulated-person.ts";

export type SentRecord = {
  readonly body: string;
  readonly atMs: number;
  /** It takes its time, and what is written meanwhile overtakes it. */
  readonly isFile: boolean;
  /** Known once `send` has answered: from then on the message must not be lost. */
  id: string | undefined;
  /** How many messages had been shown when it was sent. */
  readonly shownBefore: number;
};

export type ShownRecord = {
  readonly id: string;
  readonly body: string;
  readonly atMs: number;
  /** When the clock of the person had last jumped. */
  readonly jumpedAtMs: number;
};

export class Witness {
  readonly person: SimulatedPerson;
  readonly sent: SentRecord[] = [];
  /** What the application keeps with its position, in one transaction of its own. */
  readonly shown: ShownRecord[] = [];
  /** By message, as they were told. */
  readonly statuses = new Map<string, DeliveryStatus[]>();
  readonly errors: unknown[] = [];
  readonly #listeners = new Set<() => void>();
  #position = 0;

  constructor(person: SimulatedPerson) {
    this.person = person;
    if (person.isRunning) this.#watch(person.client);
    person.onStart((client) => this.#watch(client));
  }

  /** Called when anything was accepted, shown or told. */
  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** The newest status that was told. */
  statusOf(id: string): DeliveryStatus | undefined {
    return this.statuses.get(id)?.at(-1);
  }

  /**
   * Resolves when the message is durable; never, if the process ends before.
   *
   * @param fileBytes - of a file that is called so; absent for a text that says so
   * @returns its id
   */
  async send(conversation: Conversation, body: string, fileBytes?: number): Promise<string> {
    const record = this.#note(body, fileBytes !== undefined);
    const content =
      fileBytes === undefined ? text(body) : file({ name: body, mediaType: "", bytes: filled(fileBytes, body) });
    const { id } = await conversation.send(content);
    record.id = id;
    this.#tell();
    return id;
  }

  /** As {@link send}, of the first message of a conversation. */
  async accept(invite: string, body: string): Promise<void> {
    const record = this.#note(body, false);
    const conversation = await this.person.client.accept(invite, text(body));
    const [newest] = await conversation.history({ limit: 1 });
    record.id = newest?.id;
    this.#tell();
  }

  #note(body: string, isFile: boolean): SentRecord {
    const record = { body, isFile, id: undefined, atMs: this.person.nowMs, shownBefore: this.shown.length };
    this.sent.push(record);
    return record;
  }

  #watch(client: ChatClient): void {
    this.#tell();
    void (async () => {
      for await (const { id, content, sequence } of client.messages({ since: this.#position })) {
        this.#position = sequence;
        const { nowMs: atMs, jumpedAtMs } = this.person;
        this.shown.push({ id, body: bodyOf(content), atMs, jumpedAtMs });
        this.#tell();
      }
    })();
    void (async () => {
      for await (const event of client.events()) this.#hear(event);
    })();
  }

  #hear(event: ChatEvent): void {
    if (event.type === "error") this.errors.push(event.error);
    if (event.type !== "status") return;
    const told = this.statuses.get(event.messageId) ?? [];
    told.push(event.status);
    this.statuses.set(event.messageId, told);
    this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

/** What a text says, or how a file is called that arrived as it was sent. */
function bodyOf(content: Content): string {
  if (isText(content)) return content.text;
  if (!isFile(content)) return content.kind;
  const { name, bytes } = content;
  return equalBytes(bytes, filled(bytes.length, name)) ? name : `${name}, damaged`;
}

function filled(length: number, name: string): Uint8Array {
  return new Uint8Array(length).map((_, index) => index * 31 + (index >> 8) + name.length);
}
