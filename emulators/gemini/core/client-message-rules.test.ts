import { describe, expect, test } from "vitest";
import { LIVE_38, setupOf, VERTEX_PREFIX } from "../test-support/setups.ts";
import { type ClientMessage, parseClientMessage } from "./client-message.ts";
import { firstListening, hear, type Listening, type SessionRules } from "./client-message-rules.ts";
import type { Door } from "./doors.ts";
import { checkSetup } from "./setup-rules.ts";

const V1BETA: Door = { kind: "gemini", apiVersion: "v1beta" };
const VERTEX: Door = { kind: "vertex", apiVersion: "v1beta1" };
const LIVE_31 = "models/gemini-3.1-flash-live-preview";
const HISTORY = { historyConfig: { initialHistoryInClientContent: true } };
const MANUAL = { realtimeInputConfig: { automaticActivityDetection: { disabled: true } } };
const HELLO = { clientContent: { turns: [{ role: "user", parts: [{ text: "Hi" }] }], turnComplete: true } };

function rulesFor(fields: object, door: Door = V1BETA): SessionRules {
  const setup = setupOf(fields);
  const checked = checkSetup(setup, door);
  if (!checked.ok) throw new Error(checked.close.reason);
  return { setup, door, personality: checked.value };
}

function parsed(message: object): ClientMessage {
  const result = parseClientMessage(JSON.stringify(message));
  if (!result.ok) throw new Error(result.close.reason);
  return result.value;
}

/** What is heard of messages one after the other, up to the first that is refused. */
function hearAll(rules: SessionRules, messages: object[], resumes = false) {
  let listening: Listening = firstListening(rules, resumes);
  return messages.map((message) => {
    const heard = hear(listening, parsed(message), rules);
    if (heard.kind === "refused") return heard.close;
    listening = heard.listening;
    return heard.message;
  });
}

const refused = (reason: RegExp) => ({ code: 1007, reason: expect.stringMatching(reason) });

describe("clientContent", () => {
  test("comes at any time, for 3.8 and 2.5", () => {
    for (const model of [LIVE_38, "models/gemini-2.5-flash-native-audio-latest"]) {
      expect(hearAll(rulesFor({ model }), [HELLO, { realtimeInput: { text: "Hi" } }, HELLO])).toEqual([
        parsed(HELLO),
        parsed({ realtimeInput: { text: "Hi" } }),
        parsed(HELLO),
      ]);
    }
  });

  test("is refused by 3.1 without historyConfig", () => {
    expect(hearAll(rulesFor({ model: LIVE_31 }), [HELLO])).toEqual([refused(/initial history only/)]);
  });

  test("is the history of 3.1, which nothing is answered to, and then refused", () => {
    const context = { clientContent: { turns: [{ role: "model", parts: [{ text: "Hello" }] }] } };
    expect(hearAll(rulesFor({ model: LIVE_31, ...HISTORY }), [context, HELLO, HELLO])).toEqual([
      parsed(context),
      parsed({ clientContent: { ...HELLO.clientContent, turnComplete: false } }),
      refused(/initial history only/),
    ]);
  });

  test("is refused by 3.1 when a resumed session is seeded once more", () => {
    expect(hearAll(rulesFor({ model: LIVE_31, ...HISTORY }), [HELLO], true)).toEqual([
      refused(/initial history only/),
    ]);
  });

  test("is conversation again after the history, for 3.8", () => {
    expect(hearAll(rulesFor(HISTORY), [HELLO, HELLO])).toEqual([
      parsed({ clientContent: { ...HELLO.clientContent, turnComplete: false } }),
      parsed(HELLO),
    ]);
  });
});

describe("realtimeInput", () => {
  test("has to wait for the end of the history", () => {
    expect(hearAll(rulesFor(HISTORY), [{ realtimeInput: { text: "Hi" } }])).toEqual([
      refused(/history is not complete/),
    ]);
  });

  test.each(["activityStart", "activityEnd"])("has %s only without automatic detection", (field) => {
    const message = { realtimeInput: { [field]: {} } };
    expect(hearAll(rulesFor(MANUAL), [message])).toEqual([parsed(message)]);
    expect(hearAll(rulesFor({}), [message])).toEqual([refused(/automatic detection is enabled/)]);
  });

  test("has audioStreamEnd only with automatic detection", () => {
    const message = { realtimeInput: { audioStreamEnd: true } };
    expect(hearAll(rulesFor({}), [message])).toEqual([parsed(message)]);
    expect(hearAll(rulesFor(MANUAL), [message])).toEqual([refused(/needs automatic activity detection/)]);
  });

  test("is sound alone for the translator", () => {
    const rules = rulesFor({
      model: "models/gemini-3.5-live-translate-preview",
      generationConfig: { translationConfig: { targetLanguageCode: "es" } },
    });
    const sound = { realtimeInput: { audio: { data: "AAA=", mimeType: "audio/pcm" } } };
    const picture = { realtimeInput: { video: { data: "", mimeType: "image/png" } } };
    expect(hearAll(rules, [sound, picture, { realtimeInput: { text: "Hi" } }, HELLO])).toEqual([
      parsed(sound),
      refused(/takes sound only/),
      refused(/takes sound only/),
      refused(/takes sound only/),
    ]);
  });
});

test("a tool's answer needs an id on the Gemini API, and not on Vertex", () => {
  const message = { toolResponse: { functionResponses: [{ name: "f", response: {} }] } };
  expect(hearAll(rulesFor({}), [message])).toEqual([refused(/needs the id of its call/)]);
  const vertex = rulesFor({ model: `${VERTEX_PREFIX}gemini-3.8-live` }, VERTEX);
  expect(hearAll(vertex, [message])).toEqual([parsed(message)]);
});

test("an update of the context follows the rules of the model", () => {
  const update = (behavior: string) => ({
    contextUpdate: { tools: { tools: [{ functionDeclarations: [{ name: "f", behavior }] }] } },
  });
  expect(hearAll(rulesFor({}), [update("NON_BLOCKING")])).toEqual([parsed(update("NON_BLOCKING"))]);
  expect(hearAll(rulesFor({ model: LIVE_31 }), [update("NON_BLOCKING")])).toEqual([
    refused(/NON_BLOCKING is not supported/),
  ]);
});

test("there is only one setup", () => {
  expect(hearAll(rulesFor({}), [{ setup: { model: LIVE_38 } }])).toEqual([refused(/only one setup/)]);
});
