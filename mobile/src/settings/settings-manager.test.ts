import { MemoryStorage } from "../testing/world.ts";
import { type Settings, SettingsManager, withServerUrl } from "./settings-manager.ts";

const DEFAULTS: Settings = {
  serverUrl: "",
  token: "",
  language: "de-DE",
  pushToTalk: false,
  largeCaptions: false,
};
const CHOSEN: Settings = {
  serverUrl: "https://voice.example.com",
  token: "secret",
  language: "it-IT",
  pushToTalk: true,
  largeCaptions: true,
};

function manager() {
  const [storage, secrets] = [new MemoryStorage(), new MemoryStorage()];
  return { storage, secrets, settings: new SettingsManager(storage, secrets) };
}

it("gives back what was chosen, the token apart from the rest", async () => {
  const { storage, secrets, settings } = manager();
  await settings.save(CHOSEN);
  expect(await settings.load(DEFAULTS)).toEqual(CHOSEN);
  expect(JSON.stringify([...storage.values])).not.toContain("secret");
  expect([...secrets.values.values()]).toEqual(["secret"]);
});

it("forgets a token that was deleted", async () => {
  const { secrets, settings } = manager();
  await settings.save(CHOSEN);
  await settings.save({ ...CHOSEN, token: "" });
  expect(secrets.values.size).toBe(0);
});

it.each(["", "not json", "[]", "null", '{"language":"tlh","pushToTalk":"yes"}'])(
  "takes the defaults for what it cannot read: %s",
  async (text) => {
    const { storage, settings } = manager();
    storage.values.set("settings", text);
    expect(await settings.load(DEFAULTS)).toEqual(DEFAULTS);
  },
);

it("goes on when nothing can be kept or read", async () => {
  const { storage, secrets, settings } = manager();
  storage.broken = true;
  secrets.broken = true;
  await settings.save(CHOSEN);
  expect(await settings.load(DEFAULTS)).toEqual(DEFAULTS);
});

it("keeps the newest of several", async () => {
  const { settings } = manager();
  await Promise.all([settings.save(CHOSEN), settings.save({ ...CHOSEN, language: "nl-NL" })]);
  expect((await settings.load(DEFAULTS)).language).toBe("nl-NL");
});

it("does not carry a token to another service", () => {
  expect(withServerUrl(CHOSEN, "voice.example.com/").token).toBe("secret");
  expect(withServerUrl(CHOSEN, "https://other.example.com").token).toBe("");
  expect(withServerUrl(CHOSEN, "").token).toBe("");
});
