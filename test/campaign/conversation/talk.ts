/** A conversation of many turns over everything that is real, in Chromium, with the official client. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { SessionView } from "../../../protocol/session.ts";
import { type Recording, readWav, toneTimes } from "../../support/audio.ts";
import { pick, randomOf } from "../../support/random.ts";
import { type Stack, startStack } from "../../support/stack.ts";
import { User } from "../../support/user.ts";

/** Each answer is a tone; neighbours differ, so that what is heard of an old one is told from the new one. */
const TONES_HZ = [700, 1_000, 1_300, 1_700, 2_100, 2_500];
const SHORT_ANSWER_MS = 1_000;
/** Of an answer that the next turn interrupts. */
const LONG_ANSWER_MS = 20_000;
/** Of ten turns, so many are interruptions of the one before. */
const INTERRUPTED_OF_TEN = 6;
/** Steps of 20 ms of a tone that make it an answer, and no click. */
const TONE_STEPS = 25;
/**
 * More than sound needs from the bot to the user's ear, on a machine whose cores are both busy: then a receiver keeps
 * more in its jitter buffer. An answer that goes on has 20 s, and what comes again after a pause is torn.
 */
const ONE_WAY_MS = 1_000;
/** A jitter buffer may tear a sound this far apart. */
const TORN_MS = 100;
const HEARD_WITHIN_MS = 20_000;
const LOOK_EVERY_MS = 200;
/** Enough to be taken for somebody who speaks. */
const WORD_SECONDS = 1.2;
/** The programs are warm by then. */
const WARM_TURNS = 10;

export interface TalkReport {
  turns: number;
  interruptions: number;
  /** What was not as it has to be. */
  complaints: string[];
  /** Milliseconds from `client-ready` to the first of the bot's voice. */
  greetingMs: number;
  responseMs: number | undefined;
  /** Resident memory of the bot runtime when it was warm, and at the end; bytes. */
  memory: { warm: number; end: number };
}

export interface TalkOptions {
  seed: number;
  turns: number;
  progress(turn: number, of: number): void;
}

export async function talk(options: TalkOptions): Promise<TalkReport> {
  await using stack = await startStack();
  await using user = await User.open();
  // Awaited here: both are over when this returns.
  return await new Talk(stack, user).run(options);
}

/** An answer, and where in all that the user heard it may be looked for. */
interface Answer {
  hz: number;
  fromMs: number;
}

class Talk {
  readonly #stack: Stack;
  readonly #user: User;
  readonly #complaints: string[] = [];

  constructor(stack: Stack, user: User) {
    this.#stack = stack;
    this.#user = user;
  }

  async run({ seed, turns, progress }: TalkOptions): Promise<TalkReport> {
    const random = randomOf(seed);
    const word = firstSeconds(
      readWav(await readFile(join(import.meta.dirname, "../../e2e/recordings/question.wav"))),
      WORD_SECONDS,
    );
    const { edge, daily } = this.#stack;
    await this.#user.connect(`${edge.url}/api/rtvi/start`, `${daily.url}/call-machine`);
    await this.#until("the greeting was heard", async () => (await this.#stops()) >= 1);
    const cut: boolean[] = [];
    let warm = Number.NaN;
    let before: Answer | undefined;
    for (let turn = 1; turn <= turns; turn += 1) {
      progress(turn, turns);
      const isLong = turn < turns && random() * 10 < INTERRUPTED_OF_TEN;
      cut.push(isLong);
      const hz = pick(
        TONES_HZ.filter((tone) => tone !== before?.hz),
        random,
      );
      await this.#order(hz, isLong ? LONG_ANSWER_MS : SHORT_ANSWER_MS);
      const answer: Answer = { hz, fromMs: await this.#user.heardMs() };
      const stops = await this.#stops();
      await this.#user.speak(word);
      await this.#until(
        `the answer of turn ${turn} was heard`,
        async () => (await this.#heard(answer)).length > TONE_STEPS,
      );
      if (before) {
        await this.#checkSilenced(turn, before, answer, stops);
      }
      const over = stops + (before ? 2 : 1);
      before = isLong ? { ...answer, fromMs: await this.#user.heardMs() } : undefined;
      if (!isLong) await this.#until("the answer was over", async () => (await this.#stops()) >= over);
      if (turn === Math.min(WARM_TURNS, turns)) warm = await this.#memory();
    }
    const view = SessionView.parse(
      await (await fetch(`${edge.url}/api/rtvi/${await this.#user.sessionId()}`)).json(),
    );
    this.#checkTranscript(view, cut);
    const end = await this.#memory();
    await this.#user.hangUp();
    const { clientReady = Number.NaN, firstBotAudio = Number.NaN } = view.timeline;
    return {
      turns,
      interruptions: cut.filter(Boolean).length,
      complaints: this.#complaints,
      greetingMs: firstBotAudio - clientReady,
      responseMs: await this.#responseMs(),
      memory: { warm, end },
    };
  }

  /** After the word that the old answer was flushed, only what was on its way to the ear may come. */
  async #checkSilenced(turn: number, old: Answer, next: Answer, stops: number): Promise<void> {
    const flush = (await this.#user.events()).filter(({ name }) => name === "botStoppedSpeaking")[stops];
    if (flush === undefined) {
      this.#complaints.push(`turn ${turn}: the end of the answer before was not announced`);
      return;
    }
    const flushedAt = await this.#user.heardMsAt(flush);
    const times = await this.#heard(old);
    const late = times.filter((at) => at > flushedAt);
    const last = late.at(-1) ?? flushedAt;
    const torn = late.some((at, i) => at - (late[i - 1] ?? at) > TORN_MS);
    if (last > flushedAt + ONE_WAY_MS || torn) {
      this.#complaints.push(
        `turn ${turn}: the old answer was heard ${Math.round(last - flushedAt)} ms after it was flushed`,
      );
    }
    const [first = Number.POSITIVE_INFINITY] = await this.#heard(next);
    if (first <= last) this.#complaints.push(`turn ${turn}: old and new answer were heard at once`);
  }

  /** @param cut of each turn, whether its answer was interrupted */
  #checkTranscript({ transcript }: SessionView, cut: readonly boolean[]): void {
    const said = transcript.map(({ role }) => (role === "user" ? "U" : "A")).join("");
    // Of an answer that was cut off in its first word, none was heard.
    const wanted = cut.map((isCut) => (isCut ? "UA?" : "UA")).join("");
    if (!new RegExp(`^A${wanted}$`).test(said)) {
      this.#complaints.push(`the transcript is not whole, or not in order: ${said}, not A${wanted}`);
    }
    const times = transcript.map(({ at }) => Date.parse(at));
    if (times.some((at, i) => at < (times[i - 1] ?? at))) this.#complaints.push("the transcript goes back");
  }

  async #heard({ hz, fromMs }: Answer): Promise<number[]> {
    return toneTimes(await this.#user.heard(fromMs), hz).map((at) => at + fromMs);
  }

  async #stops(): Promise<number> {
    return (await this.#user.eventNames()).filter((name) => name === "botStoppedSpeaking").length;
  }

  async #order(hz: number, durationMs: number): Promise<void> {
    const response = await fetch(`${this.#stack.gemini.url}/_emulator/answer`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ answer: { kind: "tone", hz, durationMs } }),
    });
    if (!response.ok) throw new Error(`the order of an answer was refused: ${await response.text()}`);
  }

  async #metric(name: string): Promise<number> {
    const text = await (await fetch(`${this.#stack.bot.url}/metrics`)).text();
    return Number(
      text
        .split("\n")
        .find((line) => line.startsWith(`${name} `))
        ?.slice(name.length + 1),
    );
  }

  #memory(): Promise<number> {
    return this.#metric("process_resident_memory_bytes");
  }

  async #responseMs(): Promise<number | undefined> {
    const count = await this.#metric("chat_vrd_turns_total");
    return count > 0
      ? (1_000 * (await this.#metric("chat_vrd_turn_response_seconds_total"))) / count
      : undefined;
  }

  async #until(what: string, isSo: () => Promise<boolean>): Promise<void> {
    const deadline = performance.now() + HEARD_WITHIN_MS;
    while (!(await isSo())) {
      if (performance.now() > deadline) {
        throw new Error(
          `In ${HEARD_WITHIN_MS} ms it did not come that ${what}.\n${this.#stack.transcript()}`,
        );
      }
      await delay(LOOK_EVERY_MS);
    }
  }
}

function firstSeconds({ sampleRate, samples }: Recording, seconds: number): Recording {
  return { sampleRate, samples: samples.subarray(0, seconds * sampleRate) };
}
