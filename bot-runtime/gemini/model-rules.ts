/**
 * How the generations of Live models differ, as far as a connection has to know. One table, so that a new model is
 * an entry here and nothing else. Sources: the models' pages and migration guides at
 * https://ai.google.dev/gemini-api/docs/models, and what is named beside an entry.
 */
export interface ModelRules {
  /**
   * How a fresh connection is told what was said before. `content`: as turns without an end. `answered-content`: so,
   * but the model heeds them only once they end in a turn that it answers (2.5, pipecat). `initial-history`: as the
   * first content alone, which the setup has to announce; later content closes with 1007, for ever if every
   * reconnection tries it (livekit/agents#5985).
   */
  seed: "content" | "answered-content" | "initial-history";
  /** How a text of the user is sent: content can also be told without an answer, realtime text is always answered. */
  texts: "content" | "realtime";
  /**
   * Whether the user's voice may be sent while a function is waited for. 2.5 is reported to close with 1007 or 1008
   * on it (livekit/agents-js#1130).
   */
  hearsDuringTools: boolean;
  /** How long a connection lasts at most, milliseconds; the server may announce an earlier end. */
  connectionMs: number;
}

const MINUTE_MS = 60_000;

/** The cap of a connection that Google documents for sessions in general, "around 10 minutes". */
const USUAL_CONNECTION_MS = 10 * MINUTE_MS;

const RULES = {
  "2.5": {
    seed: "answered-content",
    texts: "content",
    hearsDuringTools: false,
    connectionMs: USUAL_CONNECTION_MS,
  },
  "3.1": {
    seed: "initial-history",
    texts: "realtime",
    hearsDuringTools: true,
    connectionMs: USUAL_CONNECTION_MS,
  },
  "3.8": {
    seed: "content",
    texts: "content",
    hearsDuringTools: true,
    // Reported to end at exactly 58:00, unannounced: https://discuss.ai.google.dev/t/186392
    connectionMs: 58 * MINUTE_MS,
  },
} as const satisfies Record<string, ModelRules>;

const GENERATIONS: readonly [pattern: RegExp, rules: ModelRules][] = [
  [/2\.5/, RULES["2.5"]],
  [/3\.1/, RULES["3.1"]],
];

/** Of a model by its id. What is not known is taken for the newest. On Vertex, connections end as usual. */
export function rulesOf(model: string, { vertex = false }: { vertex?: boolean } = {}): ModelRules {
  const rules = GENERATIONS.find(([pattern]) => pattern.test(model))?.[1] ?? RULES["3.8"];
  return vertex ? { ...rules, connectionMs: Math.min(rules.connectionMs, USUAL_CONNECTION_MS) } : rules;
}
