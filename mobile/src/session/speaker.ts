/** Who is speaking. `nobody-yet` until the first word of the call. */
export type Speaker = "nobody-yet" | "nobody" | "user" | "assistant" | "both";

export type Side = "user" | "assistant";

export function starts(speaker: Speaker, side: Side): Speaker {
  const other = side === "user" ? "assistant" : "user";
  return speaker === other || speaker === "both" ? "both" : side;
}

export function stops(speaker: Speaker, side: Side): Speaker {
  if (speaker === "both") return side === "user" ? "assistant" : "user";
  return speaker === side ? "nobody" : speaker;
}
