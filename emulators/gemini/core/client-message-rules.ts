import type { ClientMessage, RealtimeInput } from "./client-message.ts";
import { type Close, Closes } from "./closes.ts";
import { type Door, rulesOf } from "./doors.ts";
import type { Personality } from "./personalities.ts";
import type { Setup } from "./setup.ts";
import { checkTools } from "./setup-rules.ts";

/**
 * What a session may be told after its setup. With `historyConfig.initialHistoryInClientContent` the server first
 * waits for the conversation's past, up to a `turnComplete` that nothing is answered to; the conversation comes after.
 */
export type Listening = "history" | "conversation";

export interface SessionRules {
  setup: Setup;
  personality: Personality;
  door: Door;
}

export type Heard =
  | { kind: "refused"; close: Close }
  /** `message` is what the conversation is to be told, and `listening` what may come next. */
  | { kind: "heard"; message: ClientMessage; listening: Listening };

/** What a session listens to first. One that resumes another has its history, and takes no other. */
export function firstListening({ setup }: SessionRules, resumes: boolean): Listening {
  return setup.historyConfig?.initialHistoryInClientContent && !resumes ? "history" : "conversation";
}

/** Whether a session that was set up takes a message, and as what. Whether a tool's answer fits a call it cannot say. */
export function hear(listening: Listening, message: ClientMessage, rules: SessionRules): Heard {
  const refused = check(listening, message, rules);
  if (refused) return { kind: "refused", close: refused };
  if (listening === "conversation" || message.kind !== "content")
    return { kind: "heard", message, listening };
  const { turns, turnComplete } = message.content;
  return {
    kind: "heard",
    message: { kind: "content", content: { turns, turnComplete: false } },
    listening: turnComplete ? "conversation" : "history",
  };
}

function check(listening: Listening, message: ClientMessage, rules: SessionRules): Close | undefined {
  const { personality, door } = rules;
  switch (message.kind) {
    case "setup":
      return Closes.badArgument("There can be only one setup.");
    case "content":
      if (personality.hearsOnly) return Closes.badArgument("This model takes sound only.");
      if (listening === "conversation" && !personality.clientContentAfterFirstTurn) {
        return Closes.badArgument("clientContent is for the initial history only.");
      }
      return undefined;
    case "input":
      if (listening === "history") return Closes.badArgument("The initial history is not complete.");
      return firstOf(message.inputs, (input) => checkInput(input, rules));
    case "toolResponse":
      if (message.responses.some(({ id }) => id === undefined) && !rulesOf(door).toolIdsOptional) {
        return Closes.badArgument("A function response needs the id of its call.");
      }
      return undefined;
    case "contextUpdate":
      if (message.update.systemInstruction && !personality.systemInstruction) {
        return Closes.badArgument("systemInstruction is not supported by this model.");
      }
      return checkTools(message.update.tools?.tools, personality);
  }
}

function checkInput({ kind }: RealtimeInput, { setup, personality }: SessionRules): Close | undefined {
  const manual = setup.realtimeInputConfig?.automaticActivityDetection?.disabled ?? false;
  switch (kind) {
    case "activityStart":
    case "activityEnd":
      if (manual) return undefined;
      return Closes.badArgument(
        "Explicit activity control is not supported: automatic detection is enabled.",
      );
    case "audioStreamEnd":
      return manual ? Closes.badArgument("audioStreamEnd needs automatic activity detection.") : undefined;
    case "text":
    case "video":
      return personality.hearsOnly ? Closes.badArgument("This model takes sound only.") : undefined;
    case "audio":
      return undefined;
  }
}

function firstOf<Item>(items: readonly Item[], look: (item: Item) => Close | undefined): Close | undefined {
  for (const item of items) {
    const found = look(item);
    if (found) return found;
  }
  return undefined;
}
