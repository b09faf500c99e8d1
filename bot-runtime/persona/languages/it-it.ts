import type { LanguageStrategy } from "./language-strategy.ts";

export const IT_IT: LanguageStrategy = {
  tag: "it-IT",
  englishName: "Italian",
  voice: "Zephyr",
  transcriptionCodes: ["it-IT"],
  instruction: "RISPONDI SOLO IN ITALIANO, anche se l'audio dell'utente non è chiaro o è in un'altra lingua.",
  requests: {
    greeting:
      "L'utente si è appena collegato. Salutalo con una frase breve e poi avvia la conversazione come richiede il tuo ruolo; se non hai un ruolo particolare, chiedigli come puoi aiutarlo.",
    idle: "L'utente non dice nulla da un po'. Chiedigli con una frase breve se è ancora lì.",
    goodbye: "La chiamata termina ora. Saluta l'utente con una frase breve e non chiedergli altro.",
    "last-minute":
      "La chiamata deve terminare tra circa un minuto. Dillo all'utente con una frase breve, poi continua la conversazione.",
    recovery:
      "La connessione si è interrotta per un momento. Scusati con una frase breve e riprendi da dove era la conversazione; se non sai che cosa è stato detto prima, chiedi all'utente di ripetertelo.",
  },
  nudges: {
    goOn: "La connessione si è interrotta mentre parlavi e l'utente non ha sentito il resto. Riprendi da dove sei stato interrotto.",
    answer:
      "L'utente aspetta la tua risposta alla sua ultima frase. Rispondi adesso; se non l'hai capita, chiedigli di ripeterla.",
    back: "La connessione si è interrotta per un momento. Di' all'utente in poche parole che sei di nuovo qui.",
  },
};
