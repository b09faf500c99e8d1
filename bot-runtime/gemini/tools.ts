/** Functions of ours that the model may call. */

/** What the model is told of a function. `parameters` is an OpenAPI schema in Google's writing (`type: "OBJECT"`). */
export interface ToolDeclaration {
  name: string;
  description: string;
  parameters?: Readonly<Record<string, unknown>>;
}

export interface Tool {
  declaration: ToolDeclaration;
  /**
   * @param signal aborted when the user has interrupted the turn in which it was called: nobody wants the result
   * @returns what the model is told; what is thrown, it is told as an error without details
   */
  run(args: Record<string, unknown>, signal: AbortSignal): Promise<Record<string, unknown>>;
}

/** The time of day: models do not know it. */
export const GET_TIME: Tool = {
  declaration: {
    name: "get_time",
    description: "The current date and time.",
    parameters: {
      type: "OBJECT",
      properties: {
        time_zone: { type: "STRING", description: "IANA name, such as Europe/Rome. UTC without." },
      },
    },
  },
  async run({ time_zone: timeZone = "UTC" }) {
    const now = new Date();
    try {
      const format = new Intl.DateTimeFormat("en-GB", {
        timeZone: String(timeZone),
        dateStyle: "full",
        timeStyle: "long",
      });
      return { time: format.format(now), utc: now.toISOString() };
    } catch {
      return { error: "There is no such time zone.", utc: now.toISOString() };
    }
  },
};
