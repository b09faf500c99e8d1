import { BotOutput } from "../session/messages.ts";
import {
  EMPTY_TRANSCRIPT,
  endTranscript,
  heardText,
  MAX_LINES,
  nextTranscript,
  restText,
  type Transcript,
  type TranscriptEvent,
  transcriptText,
} from "./transcript.ts";

function after(...events: TranscriptEvent[]): Transcript {
  return events.reduce(nextTranscript, EMPTY_TRANSCRIPT);
}

function output(data: unknown): TranscriptEvent {
  return { type: "bot-output", output: BotOutput.parse(data) };
}

const segment = (id: number, text: string, spoken_status: string, heard?: string) =>
  output({
    text,
    segment_id: id,
    spoken_status,
    ...(heard === undefined
      ? {}
      : { spoken_progress: { accumulated_text: heard, remaining_text: text.slice(heard.length).trim() } }),
  });

function shown(transcript: Transcript): string[] {
  return transcript.lines.map((line) => {
    const rest = line.role === "user" ? "" : restText(line);
    return `${line.role}: ${heardText(line)}${rest === "" ? "" : ` [${rest}]`}`;
  });
}

it("shows an answer as it is heard, word by word", () => {
  const first = after(segment(1, "Good morning to you.", "new"));
  expect(shown(first)).toEqual(["assistant:  [Good morning to you.]"]);
  const second = nextTranscript(first, segment(1, "Good morning to you.", "in-progress", "Good morning"));
  expect(shown(second)).toEqual(["assistant: Good morning [to you.]"]);
  const third = nextTranscript(second, segment(1, "Good morning to you.", "completed"));
  expect(shown(nextTranscript(third, segment(2, "How are you?", "new")))).toEqual([
    "assistant: Good morning to you. [How are you?]",
  ]);
});

it("replaces partial words of the user, and keeps the final ones", () => {
  const partial = after(
    { type: "user-started-speaking" },
    { type: "user-saying", text: "What" },
    { type: "user-saying", text: "What time" },
  );
  expect(shown(partial)).toEqual(["user: What time"]);
  const final = nextTranscript(partial, { type: "user-said", text: "What time is it?" });
  expect(shown(final)).toEqual(["user: What time is it?"]);
  expect(final.lines[0]).toMatchObject({ partial: "" });
});

it("puts the user's words above the answer to them, however late they come", () => {
  const transcript = after(
    { type: "user-started-speaking" },
    segment(1, "It is noon.", "new"),
    { type: "user-said", text: "What time is it?" },
    segment(1, "It is noon.", "completed"),
    { type: "bot-stopped-speaking" },
    { type: "user-started-speaking" },
    { type: "user-said", text: "Thanks." },
  );
  expect(shown(transcript)).toEqual(["user: What time is it?", "assistant: It is noon.", "user: Thanks."]);
});

it("tells what of an interrupted answer was not heard", () => {
  const transcript = after(
    segment(1, "One two three.", "in-progress", "One two"),
    { type: "user-started-speaking" },
    { type: "answer-interrupted" },
    { type: "answer-started" },
    segment(2, "Yes?", "completed"),
  );
  expect(shown(transcript)).toEqual(["assistant: One two [three.]", "user: ", "assistant: Yes?"]);
  expect(transcript.lines[0]).toMatchObject({ interrupted: true });
  expect(transcriptText(transcript, { user: "You", assistant: "It" })).toBe("It: One two\nIt: Yes?");
});

it("marks an answer once, and none where there is none", () => {
  expect(after({ type: "answer-interrupted" }).lines).toEqual([]);
  const once = after(segment(1, "A.", "new"), { type: "answer-interrupted" });
  expect(nextTranscript(once, { type: "answer-interrupted" }).lines).toBe(once.lines);
});

it("shows answers for reading, and progress of what it did not hear begin", () => {
  expect(shown(after(output({ text: "For your eyes.", will_be_spoken: false })))).toEqual([
    "assistant: For your eyes.",
  ]);
  expect(shown(after(segment(7, "Already under way.", "in-progress", "Already")))).toEqual([
    "assistant: Already [under way.]",
  ]);
});

it("finds a segment without an id by its text", () => {
  const without = (status: string) => output({ text: "Hello.", spoken_status: status });
  expect(shown(after(without("new"), without("completed")))).toEqual(["assistant: Hello."]);
});

it("is firm at the end, without lines that wait for words", () => {
  const ended = endTranscript(
    after(
      { type: "user-started-speaking" },
      { type: "user-saying", text: "I was just" },
      segment(1, "Yes", "new"),
      {
        type: "user-started-speaking",
      },
    ),
  );
  expect(shown(ended)).toEqual(["user: I was just", "assistant:  [Yes]"]);
  expect(ended.lines[0]).toMatchObject({ text: "I was just", partial: "" });
});

it("begins with what the service remembers, and goes on with other keys", () => {
  const remembered = after({
    type: "remembered",
    entries: [
      { seq: 0, role: "assistant", text: "Hello.", interrupted: true },
      { seq: 1, role: "user", text: "Hi." },
    ],
  });
  expect(shown(remembered)).toEqual(["assistant: Hello.", "user: Hi."]);
  const keys = nextTranscript(remembered, segment(1, "More.", "new")).lines.map(({ key }) => key);
  expect(new Set(keys).size).toBe(3);
});

it("is bounded, and says what it left out", () => {
  const events = Array.from({ length: MAX_LINES + 5 }, (_, index): TranscriptEvent[] => [
    { type: "answer-started" },
    segment(index, `Answer ${index}.`, "completed"),
  ]).flat();
  const transcript = after(...events);
  expect(transcript.lines).toHaveLength(MAX_LINES);
  expect(transcript.dropped).toBe(5);
  expect(shown(transcript).at(-1)).toBe(`assistant: Answer ${MAX_LINES + 4}.`);
});

it("ends a partial that comes to nothing", () => {
  const transcript = after({ type: "user-saying", text: "Uh" }, { type: "user-said", text: "" });
  expect(shown(transcript)).toEqual(["user: "]);
  expect(nextTranscript(transcript, { type: "user-saying", text: " " })).toBe(transcript);
});
