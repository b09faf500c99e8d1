import type { ReactNode } from "react";
import { StyleSheet, View } from "react-native";
import { Text } from "./text.tsx";
import { RADIUS, SPACE, useColors } from "./theme.ts";

interface Props {
  readonly tone: "news" | "trouble";
  readonly title: string;
  readonly lines?: readonly string[];
  readonly children?: ReactNode;
  readonly testID?: string;
}

/** Something that stays until its cause is over. Trouble is read out at once, news when there is a pause. */
export function StatusCard({ tone, title, lines = [], children, testID }: Props) {
  const colors = useColors();
  const isTrouble = tone === "trouble";
  return (
    <View
      role={isTrouble ? "alert" : "status"}
      aria-live={isTrouble ? "assertive" : "polite"}
      testID={testID}
      style={[
        styles.card,
        isTrouble
          ? { backgroundColor: colors.troubleSoft, borderColor: colors.trouble }
          : { backgroundColor: colors.accentSoft, borderColor: colors.accent },
      ]}
    >
      <Text kind="strong" color={isTrouble ? "trouble" : "text"}>
        {title}
      </Text>
      {lines.map((line) => (
        <Text key={line}>{line}</Text>
      ))}
      {children !== undefined && <View style={styles.actions}>{children}</View>}
    </View>
  );
}

const styles = StyleSheet.create({
  card: {
    gap: SPACE.s,
    paddingVertical: SPACE.l,
    paddingHorizontal: SPACE.xl,
    borderStartWidth: 4,
    borderRadius: RADIUS.small,
  },
  actions: { flexDirection: "row", flexWrap: "wrap", gap: SPACE.m, marginTop: SPACE.m },
});
