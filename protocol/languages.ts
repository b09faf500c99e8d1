/** The languages a conversation can be held in, as BCP 47 tags, with the name each calls itself. */
export const LANGUAGES = {
  "en-US": "English (US)",
  "es-ES": "Español",
  "fr-FR": "Français",
  "de-DE": "Deutsch",
  "nl-NL": "Nederlands",
  "it-IT": "Italiano",
} as const;

export type Language = keyof typeof LANGUAGES;

export const LANGUAGE_TAGS = Object.keys(LANGUAGES) as [Language, ...Language[]];

/**
 * The supported language nearest to a BCP 47 tag: the tag itself in any case or separator (`DE_de`), else
 * the one with the same primary subtag (`de-AT` → `de-DE`). `undefined` when there is none.
 */
export function resolveLanguage(tag: string): Language | undefined {
  const wanted = tag.trim().replaceAll("_", "-").toLowerCase();
  const exact = LANGUAGE_TAGS.find((known) => known.toLowerCase() === wanted);
  if (exact) return exact;
  const [primary] = wanted.split("-");
  return LANGUAGE_TAGS.find((known) => known.slice(0, 2) === primary);
}
