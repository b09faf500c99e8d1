import { EventEmitter } from "node:events";
import { type DeviceStatus, StartBotError, type TransportState } from "@pipecat-ai/client-js";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Call, type CallOptions } from "./call.ts";
import type { Client } from "./client.ts";
import type { CallEvent } from "./state.ts";

const READY_TIMEOUT_MS = 20_000;
const LEAVE_TIMEOUT_MS = 5_000;
const REPLY = { sessionId: "s1", room_url: "https://x.daily.co/r", token: "t" };

/** The official client as a call sees it. Its steps end when the test says so. */
class FakeClient {
  readonly rtvi = new EventEmitter();
  readonly daily = new EventEmitter();
  readonly devices = Promise.withResolvers<void>();
  readonly reply = Promise.withResolvers<unknown>();
  readonly joined = Promise.withResolvers<unknown>();
  readonly left = Promise.withResolvers<void>();
  readonly initDevices = vi.fn(() => this.devices.promise);
  readonly startBot = vi.fn((_request: unknown) => this.reply.promise);
  readonly connect = vi.fn((_reply: unknown) => this.joined.promise);
  readonly disconnect = vi.fn(() => this.left.promise);
  readonly startLevels = vi.fn(async () => undefined);
  readonly enableMic = vi.fn((_open: boolean) => undefined);
  readonly updateMic = vi.fn((_id: string) => undefined);
  readonly mediaState: { mic: DeviceStatus } = { mic: { state: "uninitialized" } };
  state: TransportState = "disconnected";

  asClient(): Client {
    const { rtvi, daily, initDevices, startBot, connect, disconnect, startLevels } = this;
    const { enableMic, updateMic } = this;
    const currentState = () => this.state;
    const client = {
      pipecat: {
        on: rtvi.on.bind(rtvi),
        off: rtvi.off.bind(rtvi),
        ...{ initDevices, startBot, connect, disconnect, mediaState: this.mediaState },
        ...{ enableMic, updateMic, selectedMic: { deviceId: "mic-1" } },
        get state() {
          return currentState();
        },
      },
      daily: {
        on: daily.on.bind(daily),
        off: daily.off.bind(daily),
        isLocalAudioLevelObserverRunning: () => false,
        startLocalAudioLevelObserver: startLevels,
        isRemoteParticipantsAudioLevelObserverRunning: () => false,
        startRemoteParticipantsAudioLevelObserver: startLevels,
      },
    };
    // Node's emitter differs from the client's in what `on` returns, which nobody reads.
    return client as unknown as Client;
  }

  listenerCount(): number {
    return [this.rtvi, this.daily].reduce(
      (all, emitter) => emitter.eventNames().reduce((sum, name) => sum + emitter.listenerCount(name), all),
      0,
    );
  }
}

function begin(options: Partial<CallOptions> = {}) {
  const client = new FakeClient();
  const events: CallEvent[] = [];
  const levels: [string, number][] = [];
  const device = new EventTarget();
  const traced: string[] = [];
  const stop = vi.fn(async (sessionId: string) => ({ sessionId, state: "completed" as const }));
  const call = new Call({
    client: client.asClient(),
    api: { stop },
    startUrl: new URL("http://localhost/api/rtvi/start"),
    headers: { authorization: "Bearer t0" },
    ...{ language: "de-DE", persona: "", microphoneOpen: true, microphoneId: undefined, device },
    emit: (event) => events.push(event),
    level: (side, level) => levels.push([side, level]),
    trace: (kind, name) => traced.push(`${kind} ${name}`),
    ...options,
  });
  return { call, client, events, levels, stop, device, traced };
}

/** Lets everything run that waits for no timer. */
async function settled(): Promise<void> {
  await vi.advanceTimersByTimeAsync(0);
}

async function withMicrophone(options?: Partial<CallOptions>) {
  const made = begin(options);
  made.client.mediaState.mic = { state: "granted" };
  made.client.devices.resolve();
  await settled();
  return made;
}

async function connecting(options?: Partial<CallOptions>) {
  const made = await withMicrophone(options);
  made.client.reply.resolve(REPLY);
  await settled();
  return made;
}

async function live(options?: Partial<CallOptions>) {
  const made = await connecting(options);
  made.client.joined.resolve({ version: "2.1.0" });
  made.client.rtvi.emit("botReady", { version: "2.1.0" });
  await settled();
  made.events.length = 0;
  return made;
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("the way into a call", () => {
  it("asks for the microphone, starts a session in the language, and joins with the reply", async () => {
    const { client, events } = await connecting();
    expect(events).toEqual([{ type: "microphone-ready" }, { type: "session-started", sessionId: "s1" }]);
    expect(client.startBot).toHaveBeenCalledWith(
      expect.objectContaining({ requestData: { user: { locale: "de-DE" } }, timeout: 20_000 }),
    );
    // As client-js takes them; a plain object is passed over.
    const request = client.startBot.mock.lastCall?.[0] as { headers: Headers };
    expect(request.headers.get("authorization")).toBe("Bearer t0");
    expect(client.connect).toHaveBeenCalledWith(REPLY);
  });

  it("starts the level observers with every call, since the transport stops them with every call", async () => {
    const { client, levels } = await connecting();
    client.rtvi.emit("connected");
    await settled();
    expect(client.startLevels).toHaveBeenCalledTimes(2);
    client.rtvi.emit("localAudioLevel", 0.5);
    client.rtvi.emit("remoteAudioLevel", 0.25, { id: "bot" });
    expect(levels).toEqual([
      ["user", 0.5],
      ["assistant", 0.25],
    ]);
  });

  it("starts no session without a microphone", async () => {
    const { call, client, events } = begin();
    client.mediaState.mic = { state: "error", reason: "blocked" };
    client.devices.resolve();
    await settled();
    expect(events).toEqual([
      { type: "ended", end: { by: "failure", failure: { kind: "microphone", reason: "blocked" } } },
    ]);
    client.left.resolve();
    expect(await call.done).toEqual({ reusable: true });
    expect(client.startBot).not.toHaveBeenCalled();
  });

  it("blames Daily's code, not the microphone, when the devices could not even be tried", async () => {
    const { client, events } = begin();
    client.mediaState.mic = { state: "error", reason: "unknown" };
    client.devices.reject(new Error("Failed to load call object bundle"));
    await settled();
    expect(events.at(-1)).toMatchObject({ end: { failure: { kind: "daily-unloadable" } } });
  });

  it("ends with the service's sentence when it refuses, though the client disconnects by itself first", async () => {
    const { call, client, events } = await withMicrophone();
    const message = { type: "error-response", data: { message: "No bot host accepted.", fatal: true } };
    client.rtvi.emit("error", message);
    client.rtvi.emit("disconnected");
    client.reply.reject(new StartBotError("No bot host accepted.", 503));
    await settled();
    const failure = { kind: "refused", status: 503, detail: "No bot host accepted." };
    expect(events.at(-1)).toEqual({ type: "ended", end: { by: "failure", failure } });
    client.left.resolve();
    expect(await call.done).toEqual({ reusable: true });
  });

  it("does not join with a reply that is none", async () => {
    const { client, events } = await withMicrophone();
    client.reply.resolve({ room_url: "https://x.daily.co/r" });
    await settled();
    expect(events.at(-1)).toMatchObject({ end: { failure: { kind: "unexpected-reply" } } });
    expect(client.connect).not.toHaveBeenCalled();
  });

  it("gives up when no assistant gets ready, which the client would await for ever", async () => {
    const { client, events } = await connecting();
    await vi.advanceTimersByTimeAsync(READY_TIMEOUT_MS - 1);
    expect(events).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(1);
    expect(events.at(-1)).toMatchObject({ end: { failure: { kind: "ready-timeout" } } });
    expect(client.disconnect).toHaveBeenCalled();
  });

  it("does not give up on a call that got ready", async () => {
    const { events } = await live();
    await vi.advanceTimersByTimeAsync(READY_TIMEOUT_MS * 2);
    expect(events).toEqual([]);
  });
});

describe("hanging up", () => {
  it("leaves no listener and no timer behind, and gives the client back", async () => {
    const { call, client, events } = await live();
    call.hangUp();
    call.hangUp();
    client.left.resolve();
    expect(await call.done).toEqual({ reusable: true });
    expect(client.disconnect).toHaveBeenCalledTimes(1);
    expect(client.listenerCount()).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
    client.rtvi.emit("botStartedSpeaking");
    expect(events).toEqual([{ type: "ended", end: { by: "user" } }]);
  });

  it("during the start request stops the session that comes after all, and does not join it", async () => {
    const { call, client, events, stop } = await withMicrophone();
    call.hangUp();
    client.reply.resolve(REPLY);
    await settled();
    expect(stop).toHaveBeenCalledExactlyOnceWith("s1");
    expect(client.connect).not.toHaveBeenCalled();
    expect(events.map(({ type }) => type)).toEqual(["microphone-ready", "ended"]);
  });

  it("during the question for the microphone switches it off again when it is granted after all", async () => {
    const { call, client, stop } = begin();
    call.hangUp();
    client.left.resolve();
    await vi.advanceTimersByTimeAsync(LEAVE_TIMEOUT_MS);
    expect(await call.done).toEqual({ reusable: false });
    client.disconnect.mockClear();
    client.devices.resolve();
    client.rtvi.emit("transportStateChanged", "initialized");
    await settled();
    expect(client.disconnect).toHaveBeenCalledTimes(1);
    expect(client.startBot).not.toHaveBeenCalled();
    expect(stop).not.toHaveBeenCalled();
  });

  it("gives up a client that another step has brought back to life", async () => {
    const { call, client } = await live();
    call.hangUp();
    client.left.resolve();
    client.state = "connected";
    expect(await call.done).toEqual({ reusable: false });
  });

  it("gives up a client that does not leave in time", async () => {
    const { call } = await live();
    call.hangUp();
    await vi.advanceTimersByTimeAsync(LEAVE_TIMEOUT_MS);
    expect(await call.done).toEqual({ reusable: false });
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("a microphone that is refused while the devices are being opened", () => {
  it("ends the call at once, and gives the client back when that step is over too", async () => {
    const { call, client, events } = begin();
    client.mediaState.mic = { state: "error", reason: "blocked" };
    client.rtvi.emit("deviceError", { devices: ["mic"], type: "permissions" });
    expect(events).toHaveLength(1);
    client.left.resolve();
    await settled();
    client.devices.resolve();
    expect(await call.done).toEqual({ reusable: true });
    expect(events).toHaveLength(1);
  });
});

describe("the other ends", () => {
  it("knows an assistant that left", async () => {
    const { client, events } = await live();
    client.rtvi.emit("disconnected");
    expect(events).toEqual([{ type: "ended", end: { by: "assistant" } }]);
  });

  it("takes a fatal error of the assistant from either of its two fields", async () => {
    for (const data of [
      { error: "Gemini closed.", fatal: true },
      { message: "Gemini closed.", fatal: true },
    ]) {
      const { client, events } = await live();
      client.rtvi.emit("error", { type: "error", data });
      const failure = { kind: "assistant", detail: "Gemini closed." };
      expect(events).toEqual([{ type: "ended", end: { by: "failure", failure } }]);
    }
  });

  it("takes Daily's error with its type, which the client's own event lacks", async () => {
    const { call, client, events } = await live();
    client.state = "error";
    client.rtvi.emit("error", { type: "error", data: { error: "Meeting has ended", fatal: true } });
    client.daily.emit("error", { errorMsg: "Meeting has ended", error: { type: "exp-room", msg: "" } });
    const failure = { kind: "daily", type: "exp-room", detail: "Meeting has ended" };
    expect(events).toEqual([{ type: "ended", end: { by: "failure", failure } }]);
    client.left.resolve();
    expect(await call.done).toEqual({ reusable: false });
  });

  it("tells a call machine that does not load from a connection that is lost", async () => {
    const { client, events } = begin();
    const error = { type: "connection-error", msg: "", details: { on: "load" } };
    client.daily.emit("error", { errorMsg: "Failed to load", error });
    expect(events.at(-1)).toMatchObject({ end: { failure: { kind: "daily-unloadable" } } });
  });
});

describe("during a call", () => {
  it("hands on what is said, partial and final", async () => {
    const { client, events } = await live();
    client.rtvi.emit("userTranscript", { text: "Hal", final: false, timestamp: "", user_id: "" });
    client.rtvi.emit("userTranscript", { text: "Hallo.", final: true, timestamp: "", user_id: "" });
    client.rtvi.emit("botLlmStarted");
    client.rtvi.emit("botOutput", { text: "Guten Tag.", segment_id: 1, spoken_status: "new" });
    client.rtvi.emit("botLlmText", { text: "Guten Tag." });
    expect(events).toEqual([
      { type: "user-saying", text: "Hal" },
      { type: "user-said", text: "Hallo." },
      { type: "answer-started" },
      { type: "bot-output", output: { kind: "new", text: "Guten Tag.", segmentId: 1 } },
      { type: "bot-llm-text", text: "Guten Tag." },
    ]);
  });

  it("hears of an interruption, which the client does not know, and logs every message as it came", async () => {
    const { client, events, traced } = await live();
    client.daily.emit("app-message", { data: { label: "rtvi-ai", type: "bot-interrupted" } });
    client.daily.emit("app-message", { data: { label: "rtvi-ai", type: "from-the-future", data: 7 } });
    client.daily.emit("app-message", { data: { label: "other", type: "bot-interrupted" } });
    client.daily.emit("app-message", { data: "text" });
    expect(events).toEqual([{ type: "answer-interrupted" }]);
    expect(traced.slice(-2)).toEqual(["assistant bot-interrupted", "assistant from-the-future"]);
  });

  it("takes the first measured time of the metrics, in seconds, and not the announced zeros", async () => {
    const { client, events } = await live();
    client.rtvi.emit("metrics", { ttfb: [{ processor: "A", value: 0 }] });
    client.rtvi.emit("metrics", { ttfb: [{ processor: "B", value: 0.25 }] });
    client.rtvi.emit("metrics", { tokens: [] });
    expect(events).toEqual([{ type: "bot-ttfb", ms: 250 }]);
  });

  it("knows when the assistant is first heard, and only then", async () => {
    const { client, events } = await live();
    for (const level of [0, 0.001, 0.2, 0.3]) client.rtvi.emit("remoteAudioLevel", level, { id: "bot" });
    expect(events).toEqual([{ type: "assistant-heard" }]);
  });

  it("goes on after a message that does not fit, and says which kind it was", async () => {
    const { client, events } = await live();
    client.rtvi.emit("botOutput", { text: 7 });
    client.rtvi.emit("userTranscript", undefined);
    expect(events).toEqual([
      { type: "notice", notice: { kind: "unreadable", messageType: "bot-output" } },
      { type: "notice", notice: { kind: "unreadable", messageType: "user-transcription" } },
    ]);
  });

  it("has its network back only when both signalling and sound are back, by whichever way the sound goes", async () => {
    const { client, events } = await live();
    const network = (type: string, event: string) => client.daily.emit("network-connection", { type, event });
    network("peer-to-peer", "connected");
    network("signaling", "interrupted");
    network("peer-to-peer", "interrupted");
    network("signaling", "connected");
    expect(events.filter(({ type }) => type === "notice-over")).toEqual([]);
    network("sfu", "connected");
    expect(events.at(-1)).toEqual({ type: "notice-over", kind: "network" });
  });

  it("has a microphone again when one is found, and not when the last one is gone", async () => {
    const { client, events } = await live();
    client.rtvi.emit("micUpdated", {} as MediaDeviceInfo);
    expect(events).toEqual([]);
    client.rtvi.emit("micUpdated", { deviceId: "2", label: "Headset" } as MediaDeviceInfo);
    expect(events).toEqual([{ type: "notice-over", kind: "microphone" }]);
  });

  it("goes on through an unsteady network, a lost microphone and a passing error", async () => {
    const { client, events, device } = await live();
    client.daily.emit("network-connection", { type: "signaling", event: "interrupted" });
    client.daily.emit("network-connection", { type: "signaling", event: "connected" });
    device.dispatchEvent(new Event("offline"));
    device.dispatchEvent(new Event("online"));
    client.rtvi.emit("deviceError", { devices: ["mic"], type: "not-found" });
    client.rtvi.emit("deviceError", { devices: ["cam"], type: "not-found" });
    client.rtvi.emit("error", { type: "error", data: { error: "slow", fatal: false } });
    expect(events).toEqual([
      { type: "notice", notice: { kind: "network" } },
      { type: "notice-over", kind: "network" },
      { type: "notice", notice: { kind: "offline" } },
      { type: "notice-over", kind: "offline" },
      { type: "notice", notice: { kind: "microphone" } },
      { type: "notice", notice: { kind: "assistant-error", detail: "slow" } },
    ]);
  });
});

describe("the microphone", () => {
  it("is asked for open, and muted only then, when the call begins muted", async () => {
    const { client } = begin({ microphoneOpen: false });
    expect(client.enableMic.mock.calls).toEqual([[true]]);
    client.mediaState.mic = { state: "granted" };
    client.devices.resolve();
    await settled();
    expect(client.enableMic.mock.calls).toEqual([[true], [false]]);
  });

  it("is opened and closed during the call, and left alone after it", async () => {
    const { call, client } = await live();
    client.enableMic.mockClear();
    call.setMicrophoneOpen(false);
    call.setMicrophoneOpen(true);
    call.hangUp();
    call.setMicrophoneOpen(false);
    expect(client.enableMic.mock.calls).toEqual([[false], [true]]);
  });

  it("is the chosen one from the start, and another when that is chosen, without asking for the same again", async () => {
    const { call, client } = await live({ microphoneId: "mic-2" });
    expect(client.updateMic.mock.calls).toEqual([["mic-2"]]);
    call.chooseMicrophone("mic-1");
    call.chooseMicrophone("mic-3");
    expect(client.updateMic.mock.calls).toEqual([["mic-2"], ["mic-3"]]);
  });
});

it("sends a persona as metadata of the start request, and none when there is none", async () => {
  const { client } = await connecting({ persona: "A pirate." });
  expect(client.startBot).toHaveBeenCalledWith(
    expect.objectContaining({
      requestData: { user: { locale: "de-DE" }, metadata: { persona: "A pirate." } },
    }),
  );
});
