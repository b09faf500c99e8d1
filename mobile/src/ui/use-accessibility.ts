import { type RefObject, useEffect, useState } from "react";
import { AccessibilityInfo, Platform, type Text } from "react-native";

type Setting = "reduceMotionChanged" | "screenReaderChanged";

/**
 * What the system said last. Asking takes a moment, and what is shown later must not begin with the usual: in a browser
 * a sheet whose animation is taken away while it runs never becomes a dialog.
 */
const known: Record<Setting, boolean> = { reduceMotionChanged: false, screenReaderChanged: false };

function useSetting(setting: Setting, read: () => Promise<boolean>): boolean {
  const [on, setOn] = useState(known[setting]);
  useEffect(() => {
    let mounted = true;
    const set = (value: boolean) => {
      known[setting] = value;
      if (mounted) setOn(value);
    };
    // Where the system does not tell, the usual is taken for granted.
    read().then(set, () => undefined);
    const subscription = AccessibilityInfo.addEventListener(setting, set);
    return () => {
      mounted = false;
      subscription?.remove();
    };
  }, [setting, read]);
  return on;
}

const readReducedMotion = () => AccessibilityInfo.isReduceMotionEnabled();
const readScreenReader = async () =>
  // Browsers do not tell, and what stands in for it says yes to everybody.
  Platform.OS === "web" ? false : AccessibilityInfo.isScreenReaderEnabled();

export function useReducedMotion(): boolean {
  return useSetting("reduceMotionChanged", readReducedMotion);
}

/** Gestures like holding do not reach the app while one is on. */
export function useScreenReader(): boolean {
  return useSetting("screenReaderChanged", readScreenReader);
}

/** A new screen is read from its title on. */
export function useFocusOnMount(title: RefObject<Text | null>): void {
  useEffect(() => {
    if (title.current && Platform.OS !== "web")
      AccessibilityInfo.sendAccessibilityEvent(title.current, "focus");
  }, [title]);
}
