import { INTERVIEWER } from "./interviewer.ts";
import { LANGUAGE_TUTOR } from "./language-tutor.ts";
import { RECEPTIONIST } from "./receptionist.ts";
import type { Scenario } from "./scenario.ts";

/** The ready ones. One more is a file of its own and a word here. */
export const SCENARIOS: readonly Scenario[] = [RECEPTIONIST, LANGUAGE_TUTOR, INTERVIEWER];

/** The scenario of this name, in any case and with spaces or underscores for hyphens; `undefined` when there is none. */
export function findScenario(name: string): Scenario | undefined {
  const wanted = name
    .trim()
    .toLowerCase()
    .replaceAll(/[\s_]+/g, "-");
  return SCENARIOS.find((scenario) => scenario.name === wanted);
}
