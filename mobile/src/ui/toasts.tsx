import { useEffect } from "react";
import { Pressable, StyleSheet, View } from "react-native";
import { SafeAreaView } from "react-native-safe-area-context";
import { useVoice, useVoiceApp } from "../provider/voice-client-context.ts";
import { TOAST_MS, type Toast } from "../store/toasts.ts";
import { dismissToast } from "../store/voice-store.ts";
import { Text } from "./text.tsx";
import { MAX_WIDTH, RADIUS, SPACE, TOUCH, useColors } from "./theme.ts";
import { useTranslate } from "./translation.ts";

/** At the top, away from the buttons. Each goes by itself, or when it is tapped. */
export function Toasts() {
  const toasts = useVoice((state) => state.toasts);
  return (
    <SafeAreaView edges={["top"]} pointerEvents="box-none" style={styles.area}>
      <View aria-live="polite" pointerEvents="box-none" style={styles.toasts}>
        {toasts.map((toast) => (
          <OneToast key={toast.key} toast={toast} />
        ))}
      </View>
    </SafeAreaView>
  );
}

function OneToast({ toast }: { readonly toast: Toast }) {
  const t = useTranslate();
  const colors = useColors();
  const { store } = useVoiceApp();
  useEffect(() => {
    const timer = setTimeout(() => dismissToast(store, toast.key), TOAST_MS);
    return () => clearTimeout(timer);
  }, [store, toast.key]);
  const isTrouble = toast.tone === "trouble";
  return (
    <Pressable
      role="button"
      accessibilityHint={t("card.dismiss")}
      onPress={() => dismissToast(store, toast.key)}
      testID="toast"
      style={[
        styles.toast,
        { backgroundColor: colors.surface, borderColor: isTrouble ? colors.trouble : colors.accent },
      ]}
    >
      <Text kind="strong" color={isTrouble ? "trouble" : "text"}>
        {t(toast.message)}
      </Text>
    </Pressable>
  );
}

const styles = StyleSheet.create({
  area: { position: "absolute", top: 0, left: 0, right: 0, alignItems: "center" },
  toasts: { width: "100%", maxWidth: MAX_WIDTH, padding: SPACE.m, gap: SPACE.m },
  toast: {
    minHeight: TOUCH,
    padding: SPACE.l,
    borderWidth: 1,
    borderStartWidth: 4,
    borderRadius: RADIUS.small,
    justifyContent: "center",
  },
});
