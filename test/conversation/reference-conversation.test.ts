/**
 * One conversation with everything in it, message by message as it goes over the wire. What stands in the file was
 * read and found right; a change of it is a change of what clients see. With
 * `UPDATE_REFERENCE=1` it is written anew; `npm run format` gives it its form.
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { botSays, type Call, settle, startCall, turnComplete, userSays } from "./call.ts";

const FILE = join(import.meta.dirname, "reference-conversation.json");
const NOW = Date.UTC(2026, 0, 1);

beforeEach(() => {
  vi.useFakeTimers({ now: NOW });
  vi.stubGlobal("window", { navigator: { userAgent: "an app" } });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it("is the same as ever, from client-ready to goodbye", async () => {
  const run = await startCall({ metadata: { greet: true } });
  await greeting(run);
  await questionAndAnswer(run);
  await bargeIn(run);
  await writtenQuestion(run);
  await goodbye(run);
  await run.client.disconnect();
  await settle();
  expect(vi.getTimerCount()).toBe(0);

  const lines = normalised(run).map((message) => JSON.stringify(message));
  const conversation = `[\n${lines.join(",\n")}\n]\n`;
  if (process.env.UPDATE_REFERENCE === "1") await writeFile(FILE, conversation);
  expect(JSON.parse(conversation)).toEqual(JSON.parse(await readFile(FILE, "utf8")));
});

async function greeting(run: Call): Promise<void> {
  await botSays(run, ["Hello ", "Ada, ", "how ", "are ", "you?"], 1_600);
  turnComplete(run);
  await settle(2_000);
}

async function questionAndAnswer(run: Call): Promise<void> {
  await userSays(run, ["Which ", "colour ", "is ", "the ", "sky?"], 1_500);
  await settle(400);
  await botSays(run, ["It ", "is ", "blue. ", "At ", "night ", "it ", "is ", "black."], 3_200);
  turnComplete(run);
  await settle(3_500);
}

async function bargeIn(run: Call): Promise<void> {
  await userSays(run, ["Tell ", "me ", "a ", "story."], 1_200);
  await settle(400);
  await botSays(run, ["Once ", "upon ", "a ", "time. ", "There ", "was ", "a ", "king."], 4_000);
  await settle(500);
  run.voice.onset();
  await settle(120);
  run.live.connection.say({ interrupted: true });
  turnComplete(run);
  await userSays(run, ["Wait, ", "stop."], 600);
  await settle(500);
}

async function writtenQuestion(run: Call): Promise<void> {
  await run.client.sendText("What time is it?");
  run.live.connection.events.message({
    toolCall: { functionCalls: [{ id: "call-1", name: "get_time", args: {} }] },
  });
  await settle(50);
  await botSays(run, ["It ", "is ", "noon."], 1_200);
  turnComplete(run);
  await settle(1_500);
}

async function goodbye(run: Call): Promise<void> {
  await userSays(run, ["Goodbye!"], 500);
  await settle(300);
  await botSays(run, ["Goodbye, ", "Ada."], 1_200);
  run.client.disconnectBot();
  turnComplete(run);
  await settle(1_500);
  expect(run.ended()).toBe("stopped");
}

/** Ids by the order in which they came; what the client says of its own release and machine is left out. */
function normalised({ wire }: Call): unknown[] {
  const ids: string[] = [];
  return wire.map(({ id, data, ...message }) => {
    if (id !== undefined && !ids.includes(id)) ids.push(id);
    const about = message.type === "client-ready" ? { ...(data as object), about: undefined } : data;
    return { ...message, ...(id === undefined ? {} : { id: `id-${ids.indexOf(id) + 1}` }), data: about };
  });
}
