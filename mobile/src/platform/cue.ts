import * as Haptics from "expo-haptics";
import type { Cue } from "../session/ports.ts";

const CUES: Readonly<Record<Cue, () => Promise<void>>> = {
  connected: () => Haptics.notificationAsync(Haptics.NotificationFeedbackType.Success),
  talk: () => Haptics.impactAsync(Haptics.ImpactFeedbackStyle.Light),
  trouble: () => Haptics.notificationAsync(Haptics.NotificationFeedbackType.Warning),
  ended: () => Haptics.impactAsync(Haptics.ImpactFeedbackStyle.Medium),
};

/** A device that cannot buzz says nothing. */
export function cue(kind: Cue): void {
  void CUES[kind]().catch(() => undefined);
}
