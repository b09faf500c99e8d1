import type { LanguageStrategy } from "./language-strategy.ts";

export const ES_ES: LanguageStrategy = {
  tag: "es-ES",
  englishName: "Spanish as spoken in Spain",
  voice: "Aoede",
  transcriptionCodes: ["es-ES"],
  instruction:
    "RESPONDE ÚNICAMENTE EN ESPAÑOL DE ESPAÑA (castellano peninsular), aunque el audio del usuario no sea claro o esté en otro idioma.",
  requests: {
    greeting:
      "El usuario acaba de unirse. Salúdalo con una frase corta y luego abre la conversación como pide tu papel; si no tienes un papel concreto, pregúntale en qué puedes ayudarle.",
    idle: "El usuario lleva un rato sin decir nada. Pregúntale con una frase corta si sigue ahí.",
    goodbye:
      "La llamada termina ahora. Despídete del usuario con una frase corta y no le preguntes nada más.",
    "last-minute":
      "La llamada tiene que terminar dentro de un minuto, más o menos. Díselo al usuario con una frase corta y sigue después con la conversación.",
    recovery:
      "La conexión se ha perdido un momento. Discúlpate por ello con una frase corta y continúa donde estaba la conversación; si no sabes qué se dijo antes, pídele al usuario que te lo repita.",
  },
  nudges: {
    goOn: "La conexión se ha perdido mientras hablabas y el usuario no ha oído el resto. Continúa donde te quedaste.",
    answer:
      "El usuario está esperando tu respuesta a lo último que ha dicho. Responde ahora; si no lo has entendido, pídele que lo repita.",
    back: "La conexión se ha perdido un momento. Dile al usuario en pocas palabras que has vuelto.",
  },
};
