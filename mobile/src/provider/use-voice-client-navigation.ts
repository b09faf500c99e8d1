import type { NavigationContainerRef } from "@react-navigation/native";
import { useEffect } from "react";
import { type Connection, sessionIdOf } from "../connection/connection.ts";
import { useVoice } from "./voice-client-context.ts";

export type ScreenParams = { PreJoin: undefined; Session: undefined };
export type ScreenName = keyof ScreenParams;

/** The screen is a function of the state: whatever has a session is on the session's screen, until it is put away. */
export function screenOf(connection: Connection): ScreenName {
  return sessionIdOf(connection) === undefined ? "PreJoin" : "Session";
}

/**
 * Shows the screen of the state. The whole stack is replaced, so that nothing is left behind it to which a gesture or
 * Android's back button could return.
 */
export function useVoiceClientNavigation(
  navigation: Pick<NavigationContainerRef<ScreenParams>, "resetRoot" | "getCurrentRoute">,
  isReady: boolean,
): void {
  const screen = useVoice(({ connection }) => screenOf(connection));
  useEffect(() => {
    if (!isReady || navigation.getCurrentRoute()?.name === screen) return;
    navigation.resetRoot({ index: 0, routes: [{ name: screen }] });
  }, [navigation, isReady, screen]);
}
