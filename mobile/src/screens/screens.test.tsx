import { act, cleanup, fireEvent, screen, within } from "@testing-library/react-native";
import { Linking } from "react-native";
import { FailureError } from "../connection/failure.ts";
import { WAIT_LIMITS_MS } from "../connection/waits.ts";
import { happen, show } from "../testing/render.tsx";
import { SAVED, SERVER_URL, STARTED, World } from "../testing/world.ts";

beforeEach(() => jest.useFakeTimers());
let worlds: World[] = [];
function world(...args: ConstructorParameters<typeof World>): World {
  const made = new World(...args);
  worlds.push(made);
  return made;
}
afterEach(async () => {
  await cleanup();
  for (const { app } of worlds) {
    const closing = app.close();
    await jest.advanceTimersByTimeAsync(120_000);
    await closing;
  }
  worlds = [];
  jest.useRealTimers();
});

async function press(label: string | RegExp) {
  await fireEvent.press(screen.getByRole("button", { name: label }));
  await happen();
}

async function goLive(it: World) {
  await show(it);
  await press("Connect");
  expect(it.connection.phase).toBe("live");
}

describe("before the call", () => {
  it("offers to connect, and shows what is typed to be no address", async () => {
    const it = world({ serverUrl: "" });
    await show(it);
    expect(screen.getByRole("button", { name: "Connect" })).toBeDisabled();
    const server = screen.getByLabelText("Server");
    await fireEvent.changeText(server, "http://voice.example.com");
    expect(screen.queryByText(/has to begin with https/)).toBeNull();
    await fireEvent(server, "blur");
    expect(screen.getByText(/has to begin with https/)).toBeOnTheScreen();
    await fireEvent.changeText(server, "voice.example.com");
    await fireEvent(server, "blur");
    expect(screen.queryByText(/has to begin with https/)).toBeNull();
    expect(screen.getByRole("button", { name: "Connect" })).toBeEnabled();
    expect(it.storage.values.get("settings")).toContain("voice.example.com");
  });

  it("starts in the chosen language, with the token", async () => {
    const it = world();
    await show(it);
    await fireEvent.changeText(screen.getByLabelText("Access token"), "secret");
    await fireEvent.press(screen.getByRole("radio", { name: "Italiano" }));
    await press("Connect");
    expect(await it.starts[0]?.json()).toEqual({ user: { locale: "it-IT" } });
    expect(it.starts[0]?.headers.get("authorization")).toBe("Bearer secret");
  });

  it("says beforehand what the service wants, and what it emulates", async () => {
    const it = world();
    it.config = async () => ({
      emulated: { daily: true, gemini: true },
      auth: "bearer",
      defaultLanguage: "en-US",
    });
    await show(it);
    expect(screen.getByText("This server asks for one.")).toBeOnTheScreen();
    expect(screen.getByText("This server is for trying things out")).toBeOnTheScreen();
  });

  it("can be given up while the device asks", async () => {
    const it = world();
    it.permission = new Promise(() => undefined);
    await show(it);
    await press("Connect");
    expect(screen.getByText(/may ask for the microphone/)).toBeOnTheScreen();
    expect(screen.getByLabelText("Server")).toBeDisabled();
    await press("Cancel");
    expect(screen.getByRole("button", { name: "Connect" })).toBeEnabled();
  });

  it("says that the microphone was refused, and asks again on the next try", async () => {
    const it = world();
    it.permission = { granted: false, reason: "denied" };
    await show(it);
    await press("Connect");
    const card = screen.getByTestId("card-failed");
    expect(within(card).getByText("The microphone was refused")).toBeOnTheScreen();
    expect(within(card).queryByRole("button", { name: "Open settings" })).toBeNull();
    it.permission = { granted: true, background: true };
    await press("Try again");
    expect(it.connection.phase).toBe("live");
  });

  it("leads to the settings when only they can help", async () => {
    const opened = jest.spyOn(Linking, "openSettings").mockResolvedValue();
    const it = world();
    it.permission = { granted: false, reason: "blocked" };
    await show(it);
    await press("Connect");
    expect(screen.getByText("The microphone is blocked for this app")).toBeOnTheScreen();
    await press("Open settings");
    expect(opened).toHaveBeenCalledTimes(1);
    opened.mockRestore();
  });

  it("says that nobody answered the question", async () => {
    const it = world();
    it.permission = new Promise(() => undefined);
    await show(it);
    await press("Connect");
    await happen(WAIT_LIMITS_MS.device);
    expect(screen.getByText("The microphone was not allowed in time")).toBeOnTheScreen();
  });

  it("shows the service's own sentence", async () => {
    const it = world();
    it.config = () =>
      Promise.reject(new FailureError({ kind: "refused", status: 503, detail: "All bots are busy." }));
    await show(it);
    await press("Connect");
    expect(screen.getByText("All bots are busy.")).toBeOnTheScreen();
  });

  it("takes a link's server only when the user says so", async () => {
    const it = world({ token: "old" });
    await show(it);
    await act(async () => it.openLink("chatvrd://connect?url=other.example.com&token=new"));
    expect(screen.getByText(/https:\/\/other\.example\.com/)).toBeOnTheScreen();
    expect(it.app.store.getState().settings).toMatchObject({ serverUrl: SERVER_URL, token: "old" });
    await press("Use it");
    expect(it.app.store.getState().settings).toMatchObject({
      serverUrl: "https://other.example.com",
      token: "new",
    });
    expect(screen.getByLabelText("Server").props.value).toBe("https://other.example.com");
    expect(screen.getByTestId("toast")).toBeOnTheScreen();
    expect(it.connection.phase).toBe("idle");
    await happen(10_000);
    expect(screen.queryByTestId("toast")).toBeNull();
  });

  it("ignores a link at the user's word, and says what is wrong with one", async () => {
    const it = world();
    await show(it);
    await act(async () => it.openLink("chatvrd://connect?url=ftp%3A%2F%2Fx.example"));
    expect(screen.getByText("This link cannot be used")).toBeOnTheScreen();
    await press("Ignore");
    expect(screen.queryByText("This link cannot be used")).toBeNull();
    expect(it.app.store.getState().settings.serverUrl).toBe(SERVER_URL);
  });

  it("offers a call of an earlier run, and goes back into it", async () => {
    const it = world();
    it.secrets.values.set("session", JSON.stringify(SAVED));
    await show(it);
    expect(screen.getByText("Your call is still going on")).toBeOnTheScreen();
    await press("Resume");
    expect(it.connection.phase).toBe("live");
    expect(it.starts).toEqual([]);
  });

  it("ends that call instead, if so wished", async () => {
    const it = world();
    it.secrets.values.set("session", JSON.stringify(SAVED));
    await show(it);
    await press("End it");
    expect(it.stopped).toEqual([STARTED.sessionId]);
    expect(it.secrets.values.has("session")).toBe(false);
    expect(screen.queryByText("Your call is still going on")).toBeNull();
  });

  it("does not offer a call that is over", async () => {
    const it = world();
    it.secrets.values.set("session", JSON.stringify(SAVED));
    it.record = async () => ({ state: "completed", reason: "client_left", expiresAt: "", transcript: [] });
    await show(it);
    expect(screen.queryByText("Your call is still going on")).toBeNull();
    expect(it.secrets.values.has("session")).toBe(false);
  });

  it("tests the connection, and says what it found", async () => {
    const it = world();
    await show(it);
    await press("Diagnostics");
    await press("Test the connection");
    expect(screen.getByText(/The server answers after \d+ ms: ok/)).toBeOnTheScreen();
    it.health = () => Promise.reject(new FailureError({ kind: "unreachable" }));
    await press("Test the connection");
    expect(screen.getByText("The server cannot be reached")).toBeOnTheScreen();
  });
});

describe("in the call", () => {
  it("shows what is said, while it is said", async () => {
    const it = world();
    await goLive(it);
    expect(screen.getByText("Connected: say something")).toBeOnTheScreen();
    await act(async () => {
      it.transport.botSays("user-started-speaking");
      it.transport.botSays("user-transcription", { text: "What ti", final: false });
    });
    expect(screen.getByText(/What ti…/)).toBeOnTheScreen();
    expect(screen.getByText("Listening")).toBeOnTheScreen();
    await act(async () => {
      it.transport.botSays("user-transcription", { text: "What time is it?", final: true });
      it.transport.botSays("bot-started-speaking");
      it.transport.botSays("bot-output", {
        text: "It is noon.",
        segment_id: 1,
        spoken_status: "in-progress",
        spoken_progress: { accumulated_text: "It is", remaining_text: "noon." },
      });
    });
    expect(screen.getByText("What time is it?")).toBeOnTheScreen();
    expect(screen.getByTestId("ahead")).toHaveTextContent("noon.");
    await act(async () => it.transport.botSays("bot-interrupted"));
    await act(async () =>
      it.transport.call.emit("app-message", { data: { label: "rtvi-ai", type: "bot-interrupted" } }),
    );
    expect(screen.getByTestId("unheard")).toHaveTextContent("noon.");
    expect(screen.getByText("Assistant · interrupted")).toBeOnTheScreen();
  });

  it("mutes, and says so", async () => {
    const it = world();
    await goLive(it);
    await press("Mute");
    expect(it.transport.micEnabled).toBe(false);
    expect(screen.getByText("Your microphone is muted")).toBeOnTheScreen();
    await press("Unmute");
    expect(it.transport.micEnabled).toBe(true);
  });

  it("has a button to talk, which is held or latched", async () => {
    const it = world();
    await goLive(it);
    await fireEvent(screen.getByRole("switch", { name: "Push to talk" }), "valueChange", true);
    await happen();
    const talk = () => screen.getByTestId("talk");
    expect(screen.getByText("Connected: hold the button to talk")).toBeOnTheScreen();
    await fireEvent(talk(), "pressIn");
    expect(talk()).toHaveTextContent("Listening: let go to send");
    await happen(1_000);
    await fireEvent(talk(), "pressOut");
    expect(talk()).toHaveTextContent("Hold to talk");
    await fireEvent(talk(), "pressIn");
    await fireEvent(talk(), "pressOut");
    expect(talk()).toHaveTextContent("Listening: tap to send");
    expect(it.transport.messages("client-message")).toEqual([
      { t: "push-to-talk", d: { active: true } },
      { t: "talk", d: { pressed: true } },
      { t: "talk", d: { pressed: false } },
      { t: "talk", d: { pressed: true } },
    ]);
  });

  it("lets the sound's way be chosen", async () => {
    const it = world();
    await goLive(it);
    await press("Audio");
    expect(screen.getByRole("radio", { name: "Speaker" })).toBeChecked();
    await fireEvent.press(screen.getByRole("radio", { name: "Earpiece" }));
    expect(screen.getByRole("radio", { name: "Earpiece" })).toBeChecked();
    expect(it.transport.selectedSpeaker).toMatchObject({ deviceId: "WIRED_OR_EARPIECE" });
  });

  it("stays on the screen while the assistant is replaced, and while the network is away", async () => {
    const it = world();
    await goLive(it);
    await act(async () => it.transport.botSays("user-transcription", { text: "Remember me.", final: true }));
    await act(async () => it.transport.botLeaves("bot-1"));
    expect(screen.getByText("The assistant was lost")).toBeOnTheScreen();
    expect(screen.getByText("Remember me.")).toBeOnTheScreen();
    await act(async () => it.transport.botJoins("bot-2"));
    expect(screen.queryByText("The assistant was lost")).toBeNull();
    await act(async () => it.transport.network("interrupted"));
    expect(screen.getByText("The network is away")).toBeOnTheScreen();
    await act(async () => it.transport.network("connected"));
    expect(screen.queryByText("The network is away")).toBeNull();
    expect(screen.getByText("Remember me.")).toBeOnTheScreen();
  });

  it("says on Android that the call ends with the app, when it may not notify", async () => {
    const it = world();
    it.permission = { granted: true, background: false };
    await goLive(it);
    expect(screen.getByText("Stay in the app during the call")).toBeOnTheScreen();
  });

  it("ends, and keeps its words until they are put away", async () => {
    const it = world();
    await goLive(it);
    await act(async () => it.transport.botSays("user-transcription", { text: "Goodbye.", final: true }));
    await press("Hang up");
    expect(screen.getByText("Goodbye.")).toBeOnTheScreen();
    expect(it.stopped).toEqual([STARTED.sessionId]);
    expect(screen.getByRole("button", { name: "Connect again" })).toBeEnabled();
    await press("Done");
    expect(screen.queryByText("Goodbye.")).toBeNull();
    expect(screen.getByRole("button", { name: "Connect" })).toBeEnabled();
  });

  it("says why the service ended it", async () => {
    const it = world();
    await goLive(it);
    it.record = async () => ({ state: "completed", reason: "idle", expiresAt: "", transcript: [] });
    await act(async () => it.transport.botLeaves("bot-1"));
    await happen();
    expect(screen.getByText("Nobody said anything for a while.")).toBeOnTheScreen();
  });

  it("can be resumed after the network failed it", async () => {
    const it = world();
    await goLive(it);
    const record = it.record;
    it.record = () => Promise.reject(new FailureError({ kind: "unreachable" }));
    await act(async () => it.transport.network("interrupted"));
    await happen(WAIT_LIMITS_MS.network + WAIT_LIMITS_MS.rejoin);
    expect(screen.getByText("The connection was lost")).toBeOnTheScreen();
    it.record = record;
    await press("Resume");
    expect(it.connection.phase).toBe("live");
    expect(it.starts).toHaveLength(1);
  });
});

it("moves the waveforms by a level, and nothing of the state", async () => {
  const it = world();
  await goLive(it);
  const before = it.app.store.getState();
  await act(async () => it.transport.levels(0.04, 0.25));
  expect(newestBar("user")).toBeCloseTo(0.2);
  expect(newestBar("assistant")).toBeCloseTo(0.5);
  expect(it.app.store.getState()).toBe(before);
});

function newestBar(side: "user" | "assistant"): number {
  const heights = JSON.stringify(screen.getByTestId(`waveform-${side}`).toJSON()).matchAll(
    /"scaleY":([\d.]+)/g,
  );
  return Number([...heights].at(-1)?.[1]);
}
