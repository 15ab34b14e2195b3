/**
 * Text of a stranger for one's own screen: no character in it changes how what stands around it looks.
 * @module
 */

/** C0 and C1 controls but tab and line feed, line and paragraph separators, and what embeds, overrides or isolates. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it removes
const DISTURBING = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/**
 * The text without control and bidirectional formatting characters, cut after `maxCharacters` code points. Half of a
 * surrogate pair becomes U+FFFD. Unchanged if there is nothing to change.
 */
export function displayText(text: string, maxCharacters: number): string {
  // Twice as many code units as code points at most; the rest of a long text is not even looked at.
  const head = text
    .slice(0, 4 * maxCharacters)
    .toWellFormed()
    .replace(DISTURBING, "");
  if (head.length <= maxCharacters) return head;
  return Array.from(head).slice(0, maxCharacters).join("");
}
