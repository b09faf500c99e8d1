import { z } from "zod";
import type { TurnStyle } from "./turn-taking.ts";

/** By default the model finds the turns: it understands what is said, and knows a pause for thought from an end. */
const Style = z.enum(["gemini", "local", "push-to-talk"]).catch("gemini");

/** What a start's `metadata.turns` asks for; the default where it says nothing that we know. */
export function turnStyleOf(asked: unknown): TurnStyle {
  return Style.parse(asked);
}
