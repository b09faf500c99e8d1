import { Platform } from "react-native";

/** The state of a button that is on or off. A phone says it as "selected"; in a browser no button may be that. */
export function pressedState(pressed: boolean): object {
  return Platform.OS === "web"
    ? { "aria-pressed": pressed }
    : { "aria-pressed": pressed, "aria-selected": pressed };
}
