import type { Turn } from "./live-connect.ts";

/** What was said, as somebody outside remembers it. */
export interface RememberedTurn {
  role: "user" | "assistant";
  text: string;
  /** When it began, in epoch milliseconds. */
  at: number;
  interrupted?: true;
}

/** A function that was called, and what it gave. Told as text: the protocol's own form closes with 1007. */
export interface RememberedCall {
  name: string;
  response: Record<string, unknown>;
  at: number;
}

/** Of the conversation, the newest so much is told: some 4,000 tokens, which cost no audible time. */
const MAX_CHARS = 16_000;
const MAX_CALL_CHARS = 1_000;

export interface BriefingOptions {
  turns: readonly RememberedTurn[];
  calls: readonly RememberedCall[];
  /** Only what began after it. */
  since?: number | undefined;
  /** What the user has written last and will be told by itself, and not here. */
  without: readonly string[];
}

/** The conversation as turns that a model can be told: oldest first, speakers alternating, the newest that fit. */
export function briefing({ turns, calls, since = 0, without }: BriefingOptions): Turn[] {
  const said = withoutLast(turns, without)
    .filter(({ text }) => text !== "")
    .map(({ role, text, at, interrupted }) => ({
      at,
      role: role === "user" ? ("user" as const) : ("model" as const),
      text: interrupted ? `${text} […]` : text,
    }));
  const called = calls.map(({ name, response, at }) => ({
    at,
    role: "user" as const,
    text: `[${name}] ${JSON.stringify(response).slice(0, MAX_CALL_CHARS)}`,
  }));
  const all = [...said, ...called].filter(({ at }) => at > since).toSorted((a, b) => a.at - b.at);
  const told: Turn[] = [];
  let chars = 0;
  for (const { role, text: whole } of all.toReversed()) {
    // Something that is too long by itself is told by its end.
    const text = told.length === 0 && whole.length > MAX_CHARS ? `… ${whole.slice(2 - MAX_CHARS)}` : whole;
    chars += text.length;
    if (chars > MAX_CHARS) break;
    const next = told[0];
    if (next?.role === role) next.text = `${text}\n${next.text}`;
    else told.unshift({ role, text });
  }
  return told;
}

/** All but the user's words in `without`, each of which is left out once: where it was said last. */
function withoutLast(turns: readonly RememberedTurn[], without: readonly string[]): RememberedTurn[] {
  const left = [...without];
  return turns.toReversed().filter(({ role, text }) => {
    const found = role === "user" ? left.indexOf(text) : -1;
    if (found >= 0) left.splice(found, 1);
    return found < 0;
  });
}
