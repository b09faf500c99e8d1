/** What the model is asked for of our own accord: turns of the user that nobody has said. */
export interface Requests {
  /** Its answer was cut off by the loss of the connection. */
  goOn: string;
  /** The user has said something and had no answer. */
  answer: string;
  /** It is told the conversation anew, and has to say something for it to count. */
  back: string;
}

/** In the conversation's own language they pull less at the model than these. */
export const ENGLISH_REQUESTS: Requests = {
  goOn: "[The connection broke while you were speaking, and the user did not hear the rest. Go on where you were cut off.]",
  answer:
    "[The user is waiting for your answer to what they said last. Answer now; if you did not understand it, ask them to say it again.]",
  back: "[The connection was away for a moment. Tell the user in a few words that you are back.]",
};
