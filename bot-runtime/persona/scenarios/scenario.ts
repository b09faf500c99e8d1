import type { LanguageStrategy } from "../languages/language-strategy.ts";

/** A role that we have written for the assistant. Callers choose one by its name and can change nothing in it. */
export interface Scenario {
  /** As `metadata.scenario` names it: lower case, words joined by hyphens. */
  name: string;
  /** What is added to the operator's instructions. In English, as those; the language line binds what is spoken. */
  instruction(language: LanguageStrategy): string;
}
