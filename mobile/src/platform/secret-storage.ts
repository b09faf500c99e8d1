import type { SecretStorage } from "../settings/storage.ts";

const PREFIX = "chat-vrd.";

/** A browser has no keychain. What is secret is kept until the tab is closed, and other tabs do not see it. */
export const secretStorage: SecretStorage = {
  get: async (key) => sessionStorage.getItem(PREFIX + key),
  set: async (key, value) => sessionStorage.setItem(PREFIX + key, value),
  remove: async (key) => sessionStorage.removeItem(PREFIX + key),
};
