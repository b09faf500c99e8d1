import { useEffect, useMemo } from "react";
import { Animated, Easing, StyleSheet, View } from "react-native";
import type { Phase } from "../connection/connection.ts";
import { useVoice, useVoiceApp } from "../provider/voice-client-context.ts";
import { RADIUS, useColors } from "./theme.ts";
import { useReducedMotion } from "./use-accessibility.ts";

/** Heights of the bars of the app's mark, of 1. */
const BARS = [0.24, 0.65, 1, 0.53, 0.24] as const;
/** How wide a bar is, and the space beside it, of the whole. */
const BAR = 0.045;
const FULL_SIZE = 112;
const BREATH_MS = 1_200;
/** How much the ring grows at the loudest. */
const GROWTH = 0.3;

const WAITING: readonly Phase[] = [
  "permission",
  "starting",
  "connecting",
  "waiting",
  "reconnecting",
  "recovering",
];

/**
 * The assistant, drawn of its level and its state: a ring that swells with its voice, dashed while somebody is waited
 * for, pale when nobody is there. For the eye only: the line beside it says the same.
 */
export function Avatar({ size = FULL_SIZE }: { readonly size?: number }) {
  const colors = useColors();
  const { levels } = useVoiceApp();
  const phase = useVoice(({ connection }) => connection.phase);
  const still = useReducedMotion();
  const scale = useMemo(() => new Animated.Value(1), []);
  const breath = useMemo(() => new Animated.Value(1), []);
  const isWaiting = WAITING.includes(phase);

  useEffect(() => {
    if (still || phase !== "live") {
      scale.setValue(1);
      return undefined;
    }
    return levels.subscribe((side, level) => {
      if (side === "assistant") scale.setValue(1 + GROWTH * level);
    });
  }, [levels, still, phase, scale]);

  useEffect(() => {
    if (still || !isWaiting) {
      breath.setValue(1);
      return undefined;
    }
    const step = (toValue: number) =>
      Animated.timing(breath, {
        toValue,
        duration: BREATH_MS / 2,
        easing: Easing.inOut(Easing.quad),
        useNativeDriver: false,
      });
    const loop = Animated.loop(Animated.sequence([step(0.5), step(1)]));
    loop.start();
    return () => loop.stop();
  }, [still, isWaiting, breath]);

  const isThere = phase === "live" || isWaiting;
  return (
    <View style={[styles.frame, square(size)]} aria-hidden testID="avatar">
      <Animated.View
        style={[
          styles.ring,
          square(size),
          { borderColor: isThere ? colors.accent : colors.edge, opacity: breath, transform: [{ scale }] },
          isWaiting && styles.dashed,
          phase === "live" && { backgroundColor: colors.accentSoft },
        ]}
      />
      <View
        style={[
          styles.mark,
          square(size * 0.72),
          { gap: size * BAR, backgroundColor: isThere ? colors.accent : colors.edge },
        ]}
      >
        {BARS.map((height, index) => (
          <View
            // biome-ignore lint/suspicious/noArrayIndexKey: the bars of a drawing never change their order
            key={index}
            style={[
              styles.bar,
              { width: size * BAR, height: height * size * 0.3, backgroundColor: colors.onAccent },
            ]}
          />
        ))}
      </View>
    </View>
  );
}

function square(side: number) {
  return { width: side, height: side };
}

const styles = StyleSheet.create({
  frame: { alignItems: "center", justifyContent: "center" },
  ring: {
    position: "absolute",
    borderWidth: 3,
    borderRadius: RADIUS.round,
  },
  dashed: { borderStyle: "dashed" },
  mark: {
    borderRadius: RADIUS.round,
    flexDirection: "row",
    alignItems: "center",
    justifyContent: "center",
  },
  bar: { borderRadius: RADIUS.round },
});
