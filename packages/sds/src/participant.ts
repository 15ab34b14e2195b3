/**
 * Names of participants and channels in the full form.
 * @module
 */

/** A participant of a channel; names are text of 1 to 256 bytes that means nothing to SDS. */
export type Participant = { readonly channelId: string; readonly participantId: string };

const MAX_NAME_BYTES = 256;
/** In a snapshot and on the wire; a text with half a surrogate pair would come back as another. */
const LONE_SURROGATE = /\p{Surrogate}/u;

export function isName(text: string | undefined): text is string {
  if (text === undefined || text === "" || text.length > MAX_NAME_BYTES || LONE_SURROGATE.test(text)) return false;
  return new TextEncoder().encode(text).length <= MAX_NAME_BYTES;
}
