import type { TextKey } from "./texts/en.ts";

/** A text of the table, with what goes into its `{places}`. */
export interface Message {
  readonly key: TextKey;
  readonly values?: Readonly<Record<string, string>>;
}
