import { z } from "zod";
import type { AnswerKind } from "../../../emulators/gemini/core/answer.ts";
import { bytesOf, INPUT_RATE_HZ, OUTPUT_RATE_HZ } from "../../../emulators/gemini/core/pcm.ts";
import { DEFAULT_SILENCE_MS } from "../../../emulators/gemini/core/setup.ts";
import { fromS16, type Recording } from "../../../test/support/audio.ts";

const Session = z.looseObject({ id: z.string(), open: z.boolean() });
const Setup = z.looseObject({
  lastSetup: z.looseObject({
    realtimeInputConfig: z
      .looseObject({
        automaticActivityDetection: z.looseObject({ silenceDurationMs: z.number().optional() }).optional(),
      })
      .optional(),
  }),
});
const Pieces = z.array(z.object({ atMs: z.number(), samples: z.number() }));
export type Pieces = z.output<typeof Pieces>;
const Said = z.object({ sessions: z.array(z.string()) });

/** What the Gemini emulator received of a session, or sent in it, with the time of each piece (epoch ms). */
export interface TimedSound extends Recording {
  pieces: Pieces;
}

/** The Gemini emulator's control API, as far as benchmarks use it. All throw when it refuses. */
export class GeminiControl {
  readonly #url: string;

  constructor(emulatorUrl: string) {
    this.#url = `${emulatorUrl}/_emulator`;
  }

  /** What is answered from the next turn on, in a session or in all and those to come. */
  async answer(answer: AnswerKind, session?: string): Promise<void> {
    await this.#post("answer", { answer, session });
  }

  /** Says it now. */
  async say(answer: AnswerKind, session: string): Promise<void> {
    Said.parse(await (await this.#post("say", { answer, session })).json());
  }

  /** How long it thinks before each answer. */
  async thinkFor(firstAudioMs: number): Promise<void> {
    await this.#post("pace", { firstAudioMs });
  }

  /** Whether what the user says interrupts and is answered, in all sessions and those to come. */
  async heedSpeech(speech: boolean): Promise<void> {
    await this.#post("heed", { speech });
  }

  /** Says `interrupted`, though nobody spoke. */
  async interrupt(session: string): Promise<void> {
    await this.#post("faults", { fault: "phantomInterrupted", session });
  }

  /** How long a pause ends the user's turn in a session. */
  async endOfTurnMs(session: string): Promise<number> {
    const { lastSetup } = Setup.parse(await (await this.#get(`sessions/${session}`)).json());
    const detection = lastSetup.realtimeInputConfig?.automaticActivityDetection;
    return detection?.silenceDurationMs ?? DEFAULT_SILENCE_MS;
  }

  async openSessions(): Promise<string[]> {
    const sessions = z.array(Session).parse(await (await this.#get("sessions")).json());
    return sessions.filter(({ open }) => open).map(({ id }) => id);
  }

  /** All that it has heard in a session. */
  heard(session: string): Promise<TimedSound> {
    return this.#timedSound(session, { sound: "audio", times: "arrivals", sampleRate: INPUT_RATE_HZ });
  }

  /** All that it has said in a session. */
  said(session: string): Promise<TimedSound> {
    return this.#timedSound(session, { sound: "sent", times: "departures", sampleRate: OUTPUT_RATE_HZ });
  }

  async #timedSound(
    session: string,
    { sound, times, sampleRate }: { sound: string; times: string; sampleRate: number },
  ): Promise<TimedSound> {
    // The times first: sound that comes meanwhile is left over, and not without a time.
    const pieces = Pieces.parse(await (await this.#get(`sessions/${session}/${times}`)).json());
    const samples = fromS16(await (await this.#get(`sessions/${session}/${sound}`)).bytes());
    return { sampleRate, samples, pieces };
  }

  async #get(path: string): Promise<Response> {
    return checked(await fetch(`${this.#url}/${path}`));
  }

  async #post(path: string, body: object): Promise<Response> {
    return checked(await fetch(`${this.#url}/${path}`, { method: "POST", body: JSON.stringify(body) }));
  }
}

/** An answer of that sound, which has to be at 24 kHz. */
export function soundAnswer(pcm: Int16Array): AnswerKind {
  return { kind: "sound", pcm: bytesOf(pcm).toString("base64") };
}

async function checked(response: Response): Promise<Response> {
  if (response.ok) return response;
  throw new Error(`The Gemini emulator answered ${response.status}: ${await response.text()}`);
}
