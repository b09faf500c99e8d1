import type { Language } from "../../protocol/languages.ts";
import type { Log } from "../../protocol/log.ts";
import { cleanText } from "./clean-text.ts";
import { DEFAULT_SYSTEM_PROMPT, systemInstruction } from "./instruction.ts";
import { LANGUAGE_STRATEGIES } from "./languages/index.ts";
import type { LanguageStrategy } from "./languages/language-strategy.ts";
import type { PersonaLogEvent } from "./log-events.ts";
import { findScenario, SCENARIOS } from "./scenarios/index.ts";
import type { Scenario } from "./scenarios/scenario.ts";

/** Fields of `metadata` that set the bot itself. They mean nothing to the model. */
const SETTINGS: ReadonlySet<string> = new Set(["voice", "turns", "greet"]);

export interface PersonaOptions {
  language: Language;
  /** That of the caller, else of the operator. */
  voice?: string | undefined;
  userName?: string | undefined;
  /** As the caller sent it. */
  metadata: Readonly<Record<string, unknown>>;
  /** The operator's own instructions, in place of `DEFAULT_SYSTEM_PROMPT`. */
  systemPrompt?: string | undefined;
  log: Log<PersonaLogEvent & { level?: "warn" }>;
}

/** Who the assistant is in one conversation. */
export interface Persona extends Pick<LanguageStrategy, "transcriptionCodes" | "requests" | "nudges"> {
  systemInstruction: string;
  voice: string;
}

export function createPersona(options: PersonaOptions): Persona {
  const { systemPrompt = DEFAULT_SYSTEM_PROMPT, log } = options;
  const language = LANGUAGE_STRATEGIES[options.language];
  const scenario = askedScenario(options.metadata);
  if (scenario === "unknown") {
    log({ event: "persona.scenario_unknown", level: "warn", known: SCENARIOS.map(({ name }) => name) });
  }
  const { text, shortened } = systemInstruction({
    language,
    rules: typeof scenario === "object" ? [systemPrompt, scenario.instruction(language)] : [systemPrompt],
    about: aboutCall(options, scenario === "unknown"),
  });
  if (shortened) log({ event: "persona.data_shortened", level: "warn" });
  const { transcriptionCodes, requests, nudges } = language;
  return {
    systemInstruction: text,
    voice: options.voice ?? language.voice,
    transcriptionCodes,
    requests,
    nudges,
  };
}

function askedScenario({ scenario }: Readonly<Record<string, unknown>>): Scenario | "none" | "unknown" {
  if (scenario === undefined || scenario === null || scenario === "") return "none";
  return (typeof scenario === "string" && findScenario(scenario)) || "unknown";
}

/** What the model is told of the caller's own. What matters most stands first: when it is too much, the last is left out. */
function aboutCall(
  { userName, metadata: { persona, ...others } }: PersonaOptions,
  tellScenario: boolean,
): Readonly<Record<string, unknown>> {
  const told = Object.entries(others).filter(
    ([name]) => !SETTINGS.has(name) && (name !== "scenario" || tellScenario),
  );
  const metadata = Object.fromEntries([...(persona === undefined ? [] : [["persona", persona]]), ...told]);
  // One that nobody could see is none: the model would look for something to say in its place.
  const hasName = cleanText(userName ?? "") !== "";
  return {
    ...(hasName ? { userName } : {}),
    ...(Object.keys(metadata).length > 0 ? { metadata } : {}),
  };
}
