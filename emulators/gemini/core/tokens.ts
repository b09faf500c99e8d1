import type { UsageMetadata } from "./server-message.ts";

/** What Google bills for sound, both ways. */
const AUDIO_TOKENS_PER_SECOND = 25;
/** A usual rule of thumb; nobody counts on the number. */
const CHARACTERS_PER_TOKEN = 4;

/** Tokens by modality. Fractions, or the many small pieces of a stream would add up to a wrong sum. */
export interface TokenCount {
  text: number;
  audio: number;
}

export function textTokens(text: string): TokenCount {
  return { text: text.length / CHARACTERS_PER_TOKEN, audio: 0 };
}

export function audioTokens(ms: number): TokenCount {
  return { text: 0, audio: (ms * AUDIO_TOKENS_PER_SECOND) / 1000 };
}

export function addTokens(a: TokenCount, b: TokenCount): TokenCount {
  return { text: a.text + b.text, audio: a.audio + b.audio };
}

/** The bill of one turn, in whole tokens: the whole context is its prompt, the answer's sound its response. */
export function usageOf(prompt: TokenCount, response: TokenCount): UsageMetadata {
  const text = Math.ceil(prompt.text);
  const heard = Math.round(prompt.audio);
  const spoken = Math.round(response.audio);
  return {
    promptTokenCount: text + heard,
    responseTokenCount: spoken,
    totalTokenCount: text + heard + spoken,
    promptTokensDetails: [
      { modality: "TEXT", tokenCount: text },
      { modality: "AUDIO", tokenCount: heard },
    ],
    responseTokensDetails: [{ modality: "AUDIO", tokenCount: spoken }],
  };
}
