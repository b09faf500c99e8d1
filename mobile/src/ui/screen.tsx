import type { ReactNode } from "react";
import { KeyboardAvoidingView, Platform, ScrollView, StyleSheet, View } from "react-native";
import { SafeAreaView } from "react-native-safe-area-context";
import { MAX_WIDTH, SPACE, useColors } from "./theme.ts";

/** A screen whose content scrolls, with what has to stay in reach below it. */
export function Screen({ children, footer }: { readonly children: ReactNode; readonly footer?: ReactNode }) {
  const colors = useColors();
  return (
    <SafeAreaView role="main" style={[styles.screen, { backgroundColor: colors.ground }]}>
      <KeyboardAvoidingView style={styles.screen} behavior={Platform.OS === "ios" ? "padding" : undefined}>
        <ScrollView
          style={styles.screen}
          contentContainerStyle={styles.content}
          keyboardShouldPersistTaps="handled"
          tabIndex={0}
        >
          <View style={styles.column}>{children}</View>
        </ScrollView>
        {footer !== undefined && (
          <View style={[styles.footer, { borderColor: colors.line, backgroundColor: colors.surface }]}>
            <View style={styles.column}>{footer}</View>
          </View>
        )}
      </KeyboardAvoidingView>
    </SafeAreaView>
  );
}

const styles = StyleSheet.create({
  screen: { flex: 1 },
  content: { padding: SPACE.xl, alignItems: "center" },
  column: { width: "100%", maxWidth: MAX_WIDTH, gap: SPACE.xl },
  footer: { padding: SPACE.xl, alignItems: "center", borderTopWidth: 1 },
});
