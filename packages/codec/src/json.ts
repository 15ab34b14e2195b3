/**
 * Content type: JSON of the application's own, under a name that it chooses. The quickest way to send something else
 * than a text; a type of one's own (`defineContentType`) is smaller on the wire and checked.
 * @module
 */
import { create, toBinary } from "@bufbuild/protobuf";
import { defineContentType } from "./content-type.ts";
import { CHAT_DOMAIN } from "./domain.ts";
import { CodecError } from "./errors.ts";
import { JsonSchema } from "./gen/chat/content/v1/content_pb.ts";
import { decodeMessage } from "./protobuf.ts";

/** Deeper values overflow the stack of programs that walk them. */
const MAX_DEPTH = 64;
const MAX_NAME_CHARACTERS = 100;

export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };

export type JsonContent = {
  readonly kind: "json";
  /** Which schema `value` has, for example `"org.example.order/1"`; 1 to 100 characters. */
  readonly name: string;
  /** From anybody: check it before use. At most 64 deep. */
  readonly value: JsonValue;
};

/** Domain 25,448, tag 9: `chat.content.v1.Json`. */
export const jsonType = defineContentType({
  kind: "json",
  domain: CHAT_DOMAIN,
  tag: 9,
  encode: ({ name, value }: Omit<JsonContent, "kind">) =>
    toBinary(JsonSchema, create(JsonSchema, { name, value: JSON.stringify(value) })),
  decode: (payload) => {
    const message = decodeMessage(JsonSchema, payload);
    if (!message || !isName(message.name) || depthOf(message.value) > MAX_DEPTH) return undefined;
    const value: JsonValue = JSON.parse(message.value);
    return { name: message.name, value };
  },
  fallback: () => "",
});

/**
 * JSON to send, copied.
 *
 * @throws {@link CodecError} `INVALID_CONTENT` for a name or value that cannot be sent
 */
export function json(name: string, value: JsonValue): JsonContent {
  if (typeof name !== "string" || !isName(name)) {
    throw new CodecError("INVALID_CONTENT", `name: want 1 to ${MAX_NAME_CHARACTERS} characters`);
  }
  const written = stringify(value);
  if (written === undefined || depthOf(written) > MAX_DEPTH) {
    throw new CodecError("INVALID_CONTENT", `value: want what JSON can hold, at most ${MAX_DEPTH} deep`);
  }
  return jsonType.create({ name: name.toWellFormed(), value: JSON.parse(written) });
}

function stringify(value: unknown): string | undefined {
  try {
    return JSON.stringify(value)?.toWellFormed();
  } catch {
    return undefined; // a cycle, a bigint, a depth beyond the stack
  }
}

function isName(name: string): boolean {
  return name.length >= 1 && name.length <= MAX_NAME_CHARACTERS;
}

/** Of nested arrays and objects, without recursion. */
function depthOf(written: string): number {
  let depth = 0;
  let deepest = 0;
  let isString = false;
  for (let at = 0; at < written.length; at += 1) {
    const character = written.charCodeAt(at);
    if (isString) {
      if (character === 0x5c) at += 1;
      else if (character === 0x22) isString = false;
    } else if (character === 0x22) isString = true;
    else if (character === 0x5b || character === 0x7b) deepest = Math.max(deepest, ++depth);
    else if (character === 0x5d || character === 0x7d) depth -= 1;
  }
  return deepest;
}
