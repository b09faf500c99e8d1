import type { LanguageStrategy } from "./language-strategy.ts";

export const EN_US: LanguageStrategy = {
  tag: "en-US",
  englishName: "American English",
  voice: "Puck",
  transcriptionCodes: ["en-US"],
  instruction: "RESPOND ONLY IN ENGLISH (US), even if the user's audio is unclear or in another language.",
  requests: {
    greeting:
      "The user has just joined. Greet them in one short sentence, then open the conversation as your role asks; without a special role, ask how you can help.",
    idle: "The user has said nothing for a while. Ask in one short sentence whether they are still there.",
    goodbye: "The call ends now. Say goodbye to the user in one short sentence and ask nothing more.",
    "last-minute":
      "The call has to end in about a minute. Tell the user so in one short sentence, then go on with the conversation.",
    recovery:
      "The connection was lost for a moment. Apologise for that in one short sentence and go on where the conversation was; if you do not know what was said before, ask the user to tell you again.",
  },
  nudges: {
    goOn: "The connection was lost while you were speaking, and the user did not hear the rest. Go on where you were cut off.",
    answer:
      "The user is waiting for your answer to what they said last. Answer now; if you did not understand it, ask them to say it again.",
    back: "The connection was lost for a moment. Tell the user in a few words that you are back.",
  },
};
