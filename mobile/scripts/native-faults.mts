import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type * as ConfigPlugins from "expo/config-plugins";
import { APP } from "./run.mts";

const { AndroidConfig, IOSConfig, XML }: typeof ConfigPlugins = createRequire(join(APP, "package.json"))(
  "expo/config-plugins",
);

/** All that the app may ask of a phone. A library that brings more is noticed here. */
const PERMISSIONS = [
  "ACCESS_NETWORK_STATE",
  "BLUETOOTH_CONNECT",
  "FOREGROUND_SERVICE",
  "FOREGROUND_SERVICE_MICROPHONE",
  "INTERNET",
  "MODIFY_AUDIO_SETTINGS",
  "POST_NOTIFICATIONS",
  "RECORD_AUDIO",
  "VIBRATE",
  "WAKE_LOCK",
].map((name) => `android.permission.${name}`);

const BLOCKED = [
  "CAMERA",
  "FOREGROUND_SERVICE_CAMERA",
  "FOREGROUND_SERVICE_MEDIA_PROJECTION",
  "READ_EXTERNAL_STORAGE",
  "SYSTEM_ALERT_WINDOW",
  "WRITE_EXTERNAL_STORAGE",
].map((name) => `android.permission.${name}`);

const CALL_SERVICE = "com.daily.reactlibrary.DailyOngoingMeetingForegroundService";
const SCREEN_SERVICE = "com.oney.WebRTCModule.MediaProjectionService";

/** What is wrong with the native projects in a folder, one sentence each. */
export async function nativeFaults(folder: string): Promise<string[]> {
  return [...(await androidFaults(folder)), ...(await iosFaults(folder))];
}

async function androidFaults(folder: string): Promise<string[]> {
  const path = await AndroidConfig.Paths.getAndroidManifestAsync(folder);
  const { manifest } = await AndroidConfig.Manifest.readAndroidManifestAsync(path);
  const uses = (manifest["uses-permission"] ?? []).map(({ $ }) => $);
  const isRemoved = (one: object) => "tools:node" in one && one["tools:node"] === "remove";
  const asked = uses.filter((one) => !isRemoved(one)).map((one) => one["android:name"]);
  const removed = uses.filter(isRemoved).map((one) => one["android:name"]);
  const services = (manifest.application?.[0]?.service ?? []).map(({ $ }) => $);
  const call = services.find((service) => service["android:name"] === CALL_SERVICE);
  const screen = services.find((service) => service["android:name"] === SCREEN_SERVICE);
  return [
    ...PERMISSIONS.filter((name) => !asked.includes(name)).map((name) => `Android does not ask for ${name}`),
    ...asked.filter((name) => !PERMISSIONS.includes(name)).map((name) => `Android asks for ${name}`),
    ...BLOCKED.filter((name) => !removed.includes(name)).map((name) => `Android does not keep out ${name}`),
    ...(call &&
    "android:foregroundServiceType" in call &&
    call["android:foregroundServiceType"] === "microphone"
      ? []
      : ["Android has no service that keeps the microphone open during a call"]),
    ...(screen && isRemoved(screen) ? [] : ["Android does not keep out the service that shares the screen"]),
    ...(await schemeFault(path)),
  ];
}

async function schemeFault(manifestPath: string): Promise<string[]> {
  const text = XML.format(await XML.readXMLAsync({ path: manifestPath }));
  return text.includes('android:scheme="chatvrd"') ? [] : ["Android does not know the links of the app"];
}

async function iosFaults(folder: string): Promise<string[]> {
  const path = IOSConfig.Paths.getInfoPlistPath(folder);
  const plist = createRequire(join(APP, "node_modules/@expo/config-plugins/package.json"))(
    "@expo/plist",
  ).default;
  const info: unknown = plist.parse(readFileSync(path, "utf8"));
  const fields = typeof info === "object" && info !== null ? new Map(Object.entries(info)) : new Map();
  const modes: unknown = fields.get("UIBackgroundModes");
  const reasons = [...fields.keys()].filter((key) => /^NS.*UsageDescription$/.test(key));
  return [
    ...(fields.has("NSMicrophoneUsageDescription") ? [] : ["iOS does not say why it wants the microphone"]),
    ...reasons.filter((key) => key !== "NSMicrophoneUsageDescription").map((key) => `iOS has a ${key}`),
    ...["audio", "voip"]
      .filter((mode) => !(Array.isArray(modes) && modes.includes(mode)))
      .map((mode) => `iOS has no background mode ${mode}`),
  ];
}
