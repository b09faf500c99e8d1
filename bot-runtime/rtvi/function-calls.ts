import type { ToolFrame } from "../pipeline/frame.ts";
import type { FunctionCallMessage } from "./messages.ts";

/**
 * What the client learns of a function that the model calls, in Pipecat's levels. `none`: that there is one;
 * `name`: which; `full`: its arguments and its result, too; `disabled`: nothing at all.
 */
export type FunctionCallReport = "disabled" | "none" | "name" | "full";

export function functionCallMessages(frame: ToolFrame, report: FunctionCallReport): FunctionCallMessage[] {
  if (report === "disabled") return [];
  const isFull = report === "full";
  const named = report === "none" ? {} : { function_name: frame.name };
  const call = { tool_call_id: frame.id, ...named };
  switch (frame.type) {
    case "tool-started":
      return [
        { type: "llm-function-call-started", data: named },
        {
          type: "llm-function-call-in-progress",
          data: { ...call, ...(isFull ? { arguments: frame.args } : {}) },
        },
      ];
    case "tool-ended":
      return [
        {
          type: "llm-function-call-stopped",
          data: { ...call, cancelled: false, ...(isFull ? { result: frame.result } : {}) },
        },
      ];
    case "tool-cancelled":
      return [{ type: "llm-function-call-stopped", data: { ...call, cancelled: true } }];
  }
}
