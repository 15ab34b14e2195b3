/**
 * What a search finds, the same in every store. Text and query are folded and cut into words; each word of the query must be
 * the beginning of a word of the text. Scripts that write no spaces have no words to cut at: there, and in Hangul, where
 * particles are written onto words, it may be any part. Pure.
 * @module
 */

/** What is behind this is not found: a peer's message can be as long as a payload. */
const MAX_TEXT_LENGTH = 65_536;
/** A query says enough with this; the rest is ignored. */
const MAX_QUERY_LENGTH = 1_024;

// Accents, but not the voicing marks of kana, which make other syllables. Vowel signs of Indic scripts are not inherited.
const ACCENTS = /(?![\u3099\u309a])\p{Script=Inherited}/gu;
const WORDS = /[\p{L}\p{N}\p{M}]+/gu;
const UNSPACED = String.raw`\p{scx=Hani}\p{scx=Hira}\p{scx=Kana}\p{scx=Hang}\p{scx=Thai}\p{scx=Laoo}\p{scx=Khmr}\p{scx=Mymr}`;
const RUNS = new RegExp(`[${UNSPACED}]+|[^${UNSPACED}]+`, "gu");
const IS_UNSPACED = new RegExp(`^[${UNSPACED}]`, "u");

/** `isPart`: whether it may stand anywhere in a run, and not only at the beginning of a word. */
export type SearchWord = { readonly text: string; readonly isPart: boolean };

/** The words of a query; none if it has neither letters nor digits, and then it finds nothing. */
export function wordsOfQuery(query: string): SearchWord[] {
  return wordsOf(query.slice(0, MAX_QUERY_LENGTH));
}

/** The words of the text of a message, those of unspaced scripts as whole runs. */
export function wordsOfText(text: string): SearchWord[] {
  return wordsOf(text.slice(0, MAX_TEXT_LENGTH));
}

/** Whether each of `query` is found in `text`; false for a query without words. */
export function matchesWords(query: readonly SearchWord[], text: readonly SearchWord[]): boolean {
  if (query.length === 0) return false;
  return query.every((wanted) =>
    text.some(({ text: word, isPart }) => {
      if (isPart !== wanted.isPart) return false;
      return isPart ? word.includes(wanted.text) : word.startsWith(wanted.text);
    }),
  );
}

function wordsOf(text: string): SearchWord[] {
  const words = fold(text).match(WORDS) ?? [];
  return words.flatMap((word) => {
    return (word.match(RUNS) ?? []).map((run) => ({ text: run, isPart: IS_UNSPACED.test(run) }));
  });
}

/** Upper case first, so that "ß" and "SS" become one; both forms of sigma, too. */
function fold(text: string): string {
  return text.normalize("NFKD").replace(ACCENTS, "").normalize("NFC").toUpperCase().toLowerCase().replaceAll("ς", "σ");
}
