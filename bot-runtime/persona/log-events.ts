/** What is odd about the persona that a caller asked for. Never the caller's own words. */
export type PersonaLogEvent =
  /** `metadata.scenario` names none of ours; the model is told of it as of any other field. */
  | { event: "persona.scenario_unknown"; known: string[] }
  /** Not all of the caller's data reached the model. */
  | { event: "persona.data_shortened" };
