import AsyncStorage from "@react-native-async-storage/async-storage";
import type { Storage } from "../settings/storage.ts";

const PREFIX = "chat-vrd.";

/** Plain settings: AsyncStorage on a phone, `localStorage` in a browser. */
export const plainStorage: Storage = {
  get: (key) => AsyncStorage.getItem(PREFIX + key),
  set: (key, value) => AsyncStorage.setItem(PREFIX + key, value),
  remove: (key) => AsyncStorage.removeItem(PREFIX + key),
};
