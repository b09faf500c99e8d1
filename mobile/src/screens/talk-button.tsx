import { Pressable, StyleSheet } from "react-native";
import type { TextKey } from "../i18n/texts.ts";
import { useVoice, useVoiceApp } from "../provider/voice-client-context.ts";
import { isPressed, type Talk } from "../session/talk.ts";
import { pressedState } from "../ui/pressed.ts";
import { Text } from "../ui/text.tsx";
import { RADIUS, SPACE, useColors } from "../ui/theme.ts";
import { useTranslate } from "../ui/translation.ts";
import { useScreenReader } from "../ui/use-accessibility.ts";

/** Held to talk, or pressed shortly to latch. Under a screen reader, which takes holds for itself, only the latter. */
export function TalkButton() {
  const t = useTranslate();
  const colors = useColors();
  const { session } = useVoiceApp();
  const talk = useVoice((state) => state.talk);
  const byTap = useScreenReader();
  const pressed = isPressed(talk);
  const label = t(labelOf(talk, byTap));
  const gestures = byTap
    ? { onPress: () => session.controls.talk({ type: "toggle" }) }
    : {
        onPressIn: () => session.controls.talk({ type: "press", atMs: Date.now() }),
        onPressOut: () => session.controls.talk({ type: "release", atMs: Date.now() }),
      };
  return (
    <Pressable
      {...gestures}
      role="button"
      aria-label={label}
      {...pressedState(pressed)}
      // A finger that slides off the button is still holding it.
      pressRetentionOffset={HOLD_OFFSET}
      testID="talk"
      style={[
        styles.button,
        pressed
          ? { backgroundColor: colors.accent, borderColor: colors.accent }
          : { backgroundColor: colors.accentSoft, borderColor: colors.accent },
      ]}
    >
      <Text kind="strong" color={pressed ? "onAccent" : "text"} style={styles.label}>
        {label}
      </Text>
    </Pressable>
  );
}

/** Wider than a screen: only lifting the finger lets go. */
const HOLD_OFFSET = 10_000;

function labelOf(talk: Talk, byTap: boolean): TextKey {
  if (!isPressed(talk)) return byTap ? "call.tap" : "call.hold";
  return talk.mode === "push" && talk.talking === "held" ? "call.talking" : "call.latched";
}

const styles = StyleSheet.create({
  button: {
    minHeight: 64,
    padding: SPACE.l,
    borderWidth: 2,
    borderRadius: RADIUS.card,
    alignItems: "center",
    justifyContent: "center",
  },
  label: { textAlign: "center", userSelect: "none" },
});
