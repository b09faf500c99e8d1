import type { ReactNode } from "react";
import { Modal, Platform, ScrollView, StyleSheet, View } from "react-native";
import { SafeAreaView } from "react-native-safe-area-context";
import { Button } from "./button.tsx";
import { Text } from "./text.tsx";
import { MAX_WIDTH, RADIUS, SPACE, useColors } from "./theme.ts";
import { useReducedMotion } from "./use-accessibility.ts";

interface Props {
  readonly title: string;
  readonly closeLabel: string;
  onClose(): void;
  readonly children: ReactNode;
}

/** Over the screen, from below. What is behind it cannot be reached meanwhile. */
export function Sheet({ title, closeLabel, onClose, children }: Props) {
  const colors = useColors();
  const still = useReducedMotion();
  return (
    <Modal
      transparent
      visible
      animationType={still ? "none" : "slide"}
      onRequestClose={onClose}
      aria-label={title}
    >
      <View style={styles.behind}>
        <SafeAreaView
          edges={["bottom"]}
          {...IS_MODAL}
          style={[styles.sheet, { backgroundColor: colors.surface, borderColor: colors.line }]}
        >
          <ScrollView contentContainerStyle={styles.content}>
            <Text kind="heading">{title}</Text>
            {children}
            <Button label={closeLabel} onPress={onClose} />
          </ScrollView>
        </SafeAreaView>
      </View>
    </Modal>
  );
}

/** In a browser the modal itself is the dialog, and says so. */
const IS_MODAL = Platform.OS === "web" ? {} : { "aria-modal": true };

const styles = StyleSheet.create({
  behind: { flex: 1, justifyContent: "flex-end", alignItems: "center", backgroundColor: "#00000080" },
  sheet: {
    width: "100%",
    maxWidth: MAX_WIDTH,
    maxHeight: "85%",
    borderTopLeftRadius: RADIUS.card,
    borderTopRightRadius: RADIUS.card,
    borderWidth: 1,
  },
  content: { gap: SPACE.l, padding: SPACE.xl },
});
