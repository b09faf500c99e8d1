import * as SecureStore from "expo-secure-store";
import type { SecretStorage } from "../settings/storage.ts";

const PREFIX = "chat-vrd.";

/** Not part of a backup that is restored on another device. */
const OPTIONS: SecureStore.SecureStoreOptions = {
  keychainAccessible: SecureStore.WHEN_UNLOCKED_THIS_DEVICE_ONLY,
};

/** The keychain of iOS, the keystore of Android. */
export const secretStorage: SecretStorage = {
  get: (key) => SecureStore.getItemAsync(PREFIX + key, OPTIONS),
  set: (key, value) => SecureStore.setItemAsync(PREFIX + key, value, OPTIONS),
  remove: (key) => SecureStore.deleteItemAsync(PREFIX + key, OPTIONS),
};
