import { AppState } from "react-native";
import type { Foreground } from "../session/ports.ts";

/** In a browser: whether the tab is shown. */
export const foreground: Foreground = {
  isActive: () => AppState.currentState === "active",
  onChange(listener) {
    const subscription = AppState.addEventListener("change", (state) => listener(state === "active"));
    return () => subscription.remove();
  },
};
