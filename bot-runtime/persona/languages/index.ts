import type { Language } from "../../../protocol/languages.ts";
import { DE_DE } from "./de-de.ts";
import { EN_US } from "./en-us.ts";
import { ES_ES } from "./es-es.ts";
import { FR_FR } from "./fr-fr.ts";
import { IT_IT } from "./it-it.ts";
import type { LanguageStrategy } from "./language-strategy.ts";
import { NL_NL } from "./nl-nl.ts";

/** A language that is added to the protocol does not compile until it stands here, with every line that it needs. */
export const LANGUAGE_STRATEGIES: Readonly<Record<Language, LanguageStrategy>> = {
  "en-US": EN_US,
  "es-ES": ES_ES,
  "fr-FR": FR_FR,
  "de-DE": DE_DE,
  "nl-NL": NL_NL,
  "it-IT": IT_IT,
};
