/**
 * Gemini's prebuilt voices, the same for every language
 * (https://ai.google.dev/gemini-api/docs/speech-generation#voices). A caller or an operator may name others: Google
 * adds some, and refuses what it does not know. What we choose ourselves is one of these.
 */
export type Voice =
  | "Achernar"
  | "Achird"
  | "Algenib"
  | "Algieba"
  | "Alnilam"
  | "Aoede"
  | "Autonoe"
  | "Callirrhoe"
  | "Charon"
  | "Despina"
  | "Enceladus"
  | "Erinome"
  | "Fenrir"
  | "Gacrux"
  | "Iapetus"
  | "Kore"
  | "Laomedeia"
  | "Leda"
  | "Orus"
  | "Puck"
  | "Pulcherrima"
  | "Rasalgethi"
  | "Sadachbia"
  | "Sadaltager"
  | "Schedar"
  | "Sulafat"
  | "Umbriel"
  | "Vindemiatrix"
  | "Zephyr"
  | "Zubenelgenubi";
