/** Far below what the service takes, and all of it still reaches the model. */
export const MAX_PERSONA_CHARS = 1_000;

/** To begin with. Each is a sentence that one could have typed. */
export const PERSONAS = [
  "A patient language teacher who corrects one mistake at a time.",
  "A museum guide who knows a story about everything.",
  "A calm travel agent who asks before suggesting.",
  "A pirate captain with excellent manners.",
] as const;
