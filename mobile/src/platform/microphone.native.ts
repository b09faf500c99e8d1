import type { permissions as WebRtcPermissions } from "@daily-co/react-native-webrtc";
import { PermissionsAndroid, Platform } from "react-native";
import type { Permission } from "../session/ports.ts";

/** Since Android 13 (API 33) notifications need the user's consent, the one of a running call included. */
const NOTIFICATIONS_ASKED_SINCE = 33;

export function askForMicrophone(): Promise<Permission> {
  return Platform.OS === "android" ? askAndroid(Number(Platform.Version)) : askIos();
}

async function askAndroid(apiLevel: number): Promise<Permission> {
  const { PERMISSIONS, RESULTS } = PermissionsAndroid;
  const microphone = await PermissionsAndroid.request(PERMISSIONS.RECORD_AUDIO);
  if (microphone !== RESULTS.GRANTED) {
    return { granted: false, reason: microphone === RESULTS.NEVER_ASK_AGAIN ? "blocked" : "denied" };
  }
  if (apiLevel < NOTIFICATIONS_ASKED_SINCE) return { granted: true, background: true };
  // Daily starts the service that keeps a call alive only where it may show its notification.
  const notifications = await PermissionsAndroid.request(PERMISSIONS.POST_NOTIFICATIONS);
  return { granted: true, background: notifications === RESULTS.GRANTED };
}

async function askIos(): Promise<Permission> {
  // With WebRTC itself: loaded only once it is needed.
  const { permissions }: { permissions: typeof WebRtcPermissions } = require("@daily-co/react-native-webrtc");
  const granted = await permissions.request({ name: "microphone" });
  // iOS asks once. After that only its settings can change the answer.
  return granted ? { granted: true, background: true } : { granted: false, reason: "blocked" };
}
