/**
 * The rules that keep a conversation alive, by name. Each has its reason and where that comes from. The campaign
 * `gemini-mutations` switches off one after the other, and has to notice every one of them.
 */
export const RULES = {
  "rotate-on-go-away":
    "The server announces the end of a connection, and may say nothing more until then: a timer of ours counts (sierra-research/tau2-bench#461).",
  "rotate-before-limit":
    "A connection lasts ten minutes, or 58 with the newest model, and the end is not always announced (googleapis/js-genai#618, pipecat-ai/pipecat#3112).",
  "rotate-between-turns": "An answer that is cut off is not sent again.",
  "rotate-not-during-tools":
    "A handle from before a call does not know the call, and its result closes the connection that was resumed with it.",
  "force-rotation": "Where no turn ends in time the server would end the connection in the middle of a word.",
  "close-before-resume":
    "A session that is resumed while its old connection is open closes with 1011 (reported for the SIP bridges of Gemini Live).",
  "newest-handle": "An older handle leads back to its own moment: what was said since is forgotten.",
  "drop-refused-handle":
    "A handle that is not known, or that the server cannot take, never becomes good again.",
  "drop-handle-after-failures":
    "A session whose backend fails is not cured by resuming it (google/adk-python#3918): a fresh one is, with the conversation retold. Pipecat's figure: three failures.",
  "forget-failures": "Failures count as a series only when nothing good lies between them: ten seconds.",
  "back-off": "A service in trouble is not helped by a storm of connections (livekit/agents#5985).",
  "final-reasons": "A wrong key stays wrong: whoever runs this has to know at once.",
  "bounded-away": "A user does not wait for ever, and a session that cannot go on has to end.",
  "bounded-quota": "A quota that is used up frees itself in a moment, or not for the rest of the day.",
  liveness:
    "A peer that has died says nothing, and everything sent to it seems to arrive. Pongs of up to 30 s are reported, so the patience is longer.",
  "seed-when-fresh": "A fresh session knows nothing of the conversation (pipecat-ai/pipecat#4355).",
  "seed-only-when-fresh":
    "A resumed session knows it already; telling it again makes it answer twice, or closes it (livekit/agents#5985).",
  "keep-audio":
    "What the user says while the connection is renewed is heard afterwards: the last two seconds.",
  "keep-texts": "What the user writes meanwhile is told afterwards, all of it (pipecat-ai/pipecat#5465).",
  "result-to-asker":
    "The result of a function belongs to the session that asked. Its successor does not know the call, and is told in words.",
  "tell-again":
    "What was sent just before a connection broke may have arrived, or not: it is told again, marked as such, and counted.",
  "ask-again":
    "A resumed session is one from before the user's last turn: unless it is asked, nobody gives the answer that is owed.",
  "notice-no-answer":
    "The most frequent failure of Live models is silence, without any error (googleapis/python-genai#2117).",
  "notice-empty-turn":
    "Turns that end without a sound look like turns that went well (googleapis/python-genai#2117).",
  "notice-silent-turn":
    "Whole answers of near-zero level, with every other figure healthy (google-gemini/gemini-live-api-examples#40).",
  "notice-refused-turns":
    "One refusal is an answer; a row of them is a session that refuses everything (google-gemini/gemini-live-api-examples#40).",
  "nudge-first": "Most often a word is enough, and costs nothing that was said.",
  "resume-second": "A session that hears no word may be well on another server.",
  "fresh-third": "A session that stays mute when resumed is ill by its own state.",
  "tell-client": "When nothing helps, somebody has to say so: not even the assistant can.",
  "forget-strikes": "Once the assistant is heard again, the next trouble is a new one.",
} as const satisfies Record<string, string>;

export type RuleName = keyof typeof RULES;

export const RULE_NAMES = Object.keys(RULES) as RuleName[]; // the keys of RULES, which Object.keys forgets
