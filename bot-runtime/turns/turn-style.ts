import { z } from "zod";
import type { Log } from "../../protocol/log.ts";
import type { TurnStyle } from "./turn-taking.ts";

const Style = z.enum(["gemini", "local", "push-to-talk"]);

/** The model finds the turns: it understands what is said, and knows a pause for thought from an end. */
const DEFAULT_STYLE: TurnStyle = "gemini";

/** `turns` of the metadata asks for something that there is not. */
export type TurnsLogEvent = { event: "turns.style_unknown"; known: readonly string[] };

/** What a start's `metadata.turns` asks for; the default where it says nothing, or nothing that we know. */
export function turnStyleOf(asked: unknown, log: Log<TurnsLogEvent & { level?: "warn" }>): TurnStyle {
  if (asked === undefined || asked === null) return DEFAULT_STYLE;
  const style = Style.safeParse(asked);
  if (style.success) return style.data;
  log({ event: "turns.style_unknown", level: "warn", known: Style.options });
  return DEFAULT_STYLE;
}
