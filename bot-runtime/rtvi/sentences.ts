/**
 * The end of a sentence: its punctuation and closing quotes, then a space; or the end of all text so far, if a
 * letter stands before the punctuation. After a digit the rest is awaited: `3.` may become `3.5`.
 */
const SENTENCE_END = /[.!?…。！？]+["'”’»)\]]*\s+|(?<=\p{L})[.!?…。！？]+["'”’»)\]]*$/gu;

/**
 * Splits text that is still growing into whole sentences and the rest. Does not wait for the next word to be sure,
 * so that the last sentence of an answer is shown when it is spoken, not when all is over. That it splits
 * abbreviations, too, is harmless here.
 */
export function splitSentences(text: string): { sentences: string[]; rest: string } {
  const sentences: string[] = [];
  let start = 0;
  for (const match of text.matchAll(SENTENCE_END)) {
    const end = match.index + match[0].length;
    const sentence = text.slice(start, end).trim();
    if (sentence) sentences.push(sentence);
    start = end;
  }
  return { sentences, rest: text.slice(start) };
}
