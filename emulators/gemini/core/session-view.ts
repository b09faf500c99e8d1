import type { Language } from "../../../protocol/languages.ts";
import type { Close } from "./closes.ts";
import type { PersonalityName } from "./models.ts";
import type { Setup } from "./setup.ts";
import type { ToolCall } from "./tools.ts";

/** A session as the emulator shows it. Times are ISO 8601; `closed` is how the emulator closed it, if it did. */
export interface SessionView {
  id: string;
  /** As the client asked for it: `models/…`. */
  model: string | null;
  personality: PersonalityName | null;
  language: Language | null;
  open: boolean;
  openedAt: string;
  receivedAudioMs: number;
  sentAudioMs: number;
  /** Answers begun, and how many of them were interrupted. */
  turns: number;
  interruptions: number;
  /** The functions that were called, the last 200. */
  toolCalls: Pick<ToolCall, "id" | "name" | "state">[];
  /** How many handles it was given. */
  handles: number;
  /** The id of the session that this one resumes. */
  resumedFrom: string | null;
  lastSetup: Setup | null;
  closed: Close | null;
}
