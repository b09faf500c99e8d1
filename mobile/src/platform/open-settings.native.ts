import { Linking } from "react-native";

/** The system's page about this app, with its permissions. */
export const openSettings: (() => void) | undefined = () =>
  void Linking.openSettings().catch(() => undefined);
