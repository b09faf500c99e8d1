import type { Language } from "../../../protocol/languages.ts";
import type { SayPurpose } from "../../pipeline/frame.ts";
import type { Voice } from "../voices.ts";

/** All that a conversation in one language does differently from one in another. */
export interface LanguageStrategy {
  tag: Language;
  /** For those parts of the system instruction that are in English. */
  englishName: string;
  /** Who speaks when neither the caller nor the operator has chosen: one of the eight voices of the oldest Live models. */
  voice: Voice;
  /** BCP 47 tags that help to transcribe the user. They bind nothing. */
  transcriptionCodes: readonly [string, ...string[]];
  /**
   * Native-audio models choose the language by themselves and take no language code: what binds them is this line of
   * the system instruction, in the language itself, at its beginning and again at its end.
   */
  instruction: string;
  /**
   * What the model is asked to say of its own accord: each a request to it, and no text to read out, so that it fits
   * the role and the conversation. In the language itself, or it would pull the model away from it.
   */
  requests: Readonly<Record<SayPurpose, string>>;
  /** The same, where the model alone knows that the conversation has come to a halt. */
  nudges: Readonly<{
    /** Its answer was cut off by the loss of a connection. */
    goOn: string;
    /** The user has said something and had no answer. */
    answer: string;
    /** It was told the conversation anew, after the loss of a connection. */
    back: string;
  }>;
}
