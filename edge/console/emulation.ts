import type { ClientConfig } from "../../protocol/session.ts";

/** One side of the call: whether it is the real thing, and what that means to someone who tries it. */
export interface SideNote {
  side: "Daily" | "Gemini";
  emulated: boolean;
  meaning: string;
}

export function sideNotes({ emulated }: Pick<ClientConfig, "emulated">): SideNote[] {
  return [
    {
      side: "Daily",
      emulated: emulated.daily,
      meaning: emulated.daily
        ? "The call does not leave this network: browser and assistant are connected directly. For real rooms set DAILY_API_KEY in .env and start again."
        : "Calls go through Daily’s real rooms, and are paid for.",
    },
    {
      side: "Gemini",
      emulated: emulated.gemini,
      meaning: emulated.gemini
        ? "The assistant is a demo voice: it greets you and repeats what you say, but understands nothing. For real answers set GOOGLE_API_KEY in .env and start again."
        : "Answers come from Google’s real model, and are paid for.",
    },
  ];
}
