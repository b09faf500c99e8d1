import { useEffect, useMemo } from "react";
import { Animated, StyleSheet, View } from "react-native";
import { useVoice, useVoiceApp } from "../provider/voice-client-context.ts";
import type { Side } from "../session/speaker.ts";
import { Text } from "./text.tsx";
import { RADIUS, SPACE, useColors } from "./theme.ts";
import { useReducedMotion } from "./use-accessibility.ts";

/** The last 2.4 s, at Daily's ten levels a second. */
const BARS = 24;
/** Of a bar without sound, so that the row can be seen. */
const FLOOR = 0.08;
const RAISED = 0.5;
const HEIGHT = 28;

/** What was loud of one side, drawn without React: a level moves the bars and renders nothing. */
export function Waveform({ side, label }: { readonly side: Side; readonly label: string }) {
  const colors = useColors();
  const { levels } = useVoiceApp();
  const still = useReducedMotion();
  const speaking = useVoice(({ speaker }) => speaker === side || speaker === "both") && still;
  const bars = useMemo(() => Array.from({ length: BARS }, () => new Animated.Value(FLOOR)), []);

  // Without movement: flat in silence, and raised as long as somebody speaks.
  useEffect(() => {
    for (const bar of bars) bar.setValue(speaking ? RAISED : FLOOR);
  }, [bars, speaking]);

  useEffect(() => {
    if (still) return undefined;
    const heights = Array.from({ length: BARS }, () => FLOOR);
    return levels.subscribe((heard, level) => {
      if (heard !== side) return;
      heights.shift();
      heights.push(Math.max(FLOOR, level));
      bars.forEach((bar, index) => {
        bar.setValue(heights[index] ?? FLOOR);
      });
    });
  }, [levels, side, bars, still]);

  return (
    <View style={styles.row} testID={`waveform-${side}`}>
      <Text kind="quiet" style={styles.label}>
        {label}
      </Text>
      <View style={styles.bars} aria-hidden>
        {bars.map((scaleY, index) => (
          <Animated.View
            // biome-ignore lint/suspicious/noArrayIndexKey: the bars never change their order
            key={index}
            style={[
              styles.bar,
              {
                backgroundColor: side === "assistant" ? colors.accent : colors.edge,
                transform: [{ scaleY }],
              },
            ]}
          />
        ))}
      </View>
    </View>
  );
}

const styles = StyleSheet.create({
  row: { flexDirection: "row", alignItems: "center", gap: SPACE.l },
  label: { minWidth: 88 },
  bars: { flexDirection: "row", flexGrow: 1, alignItems: "center", gap: 3, height: HEIGHT },
  bar: { flexGrow: 1, height: HEIGHT, borderRadius: RADIUS.small },
});
