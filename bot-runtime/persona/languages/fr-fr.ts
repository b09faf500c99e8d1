import type { LanguageStrategy } from "./language-strategy.ts";

export const FR_FR: LanguageStrategy = {
  tag: "fr-FR",
  englishName: "French",
  voice: "Leda",
  transcriptionCodes: ["fr-FR"],
  instruction:
    "RÉPONDS UNIQUEMENT EN FRANÇAIS (France), même si l'audio de l'utilisateur n'est pas clair ou est dans une autre langue.",
  requests: {
    greeting:
      "L'utilisateur vient de se joindre à l'appel. Salue-le en une courte phrase, puis engage la conversation comme ton rôle le demande ; sans rôle particulier, demande comment tu peux l'aider.",
    idle: "L'utilisateur n'a rien dit depuis un moment. Demande-lui en une courte phrase s'il est toujours là.",
    goodbye:
      "L'appel se termine maintenant. Dis au revoir à l'utilisateur en une courte phrase et ne lui demande plus rien.",
    "last-minute":
      "L'appel doit se terminer dans une minute environ. Dis-le à l'utilisateur en une courte phrase, puis poursuis la conversation.",
    recovery:
      "La connexion a été perdue un instant. Excuse-toi en une courte phrase et reprends là où en était la conversation ; si tu ne sais pas ce qui a été dit avant, demande à l'utilisateur de te le répéter.",
  },
  nudges: {
    goOn: "La connexion a été perdue pendant que tu parlais, et l'utilisateur n'a pas entendu la suite. Reprends là où tu as été coupé.",
    answer:
      "L'utilisateur attend ta réponse à ce qu'il vient de dire. Réponds maintenant ; si tu ne l'as pas compris, demande-lui de le répéter.",
    back: "La connexion a été perdue un instant. Dis à l'utilisateur en quelques mots que tu es de retour.",
  },
};
