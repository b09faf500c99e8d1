import type { LanguageStrategy } from "./language-strategy.ts";

export const DE_DE: LanguageStrategy = {
  tag: "de-DE",
  englishName: "German",
  voice: "Kore",
  transcriptionCodes: ["de-DE"],
  instruction:
    "ANTWORTE NUR AUF DEUTSCH, auch wenn der Ton des Nutzers undeutlich oder in einer anderen Sprache ist.",
  requests: {
    greeting:
      "Der Nutzer ist gerade dazugekommen. Begrüße ihn in einem kurzen Satz und beginne dann das Gespräch, wie es deine Rolle verlangt; ohne besondere Rolle frage, wie du helfen kannst.",
    idle: "Der Nutzer hat seit einer Weile nichts gesagt. Frage ihn in einem kurzen Satz, ob er noch da ist.",
    goodbye:
      "Der Anruf endet jetzt. Verabschiede dich vom Nutzer in einem kurzen Satz und frage nichts mehr.",
    "last-minute":
      "Der Anruf muss in etwa einer Minute enden. Sage das dem Nutzer in einem kurzen Satz und führe das Gespräch dann weiter.",
    recovery:
      "Die Verbindung war kurz unterbrochen. Entschuldige dich dafür in einem kurzen Satz und mache dort weiter, wo das Gespräch war; wenn du nicht weißt, was vorher gesagt wurde, bitte den Nutzer, es noch einmal zu sagen.",
  },
  nudges: {
    goOn: "Die Verbindung brach ab, während du gesprochen hast, und der Nutzer hat den Rest nicht gehört. Mache dort weiter, wo du unterbrochen wurdest.",
    answer:
      "Der Nutzer wartet auf deine Antwort auf das, was er zuletzt gesagt hat. Antworte jetzt; wenn du es nicht verstanden hast, bitte ihn, es noch einmal zu sagen.",
    back: "Die Verbindung war kurz unterbrochen. Sage dem Nutzer mit wenigen Worten, dass du wieder da bist.",
  },
};
