import { Pressable, StyleSheet } from "react-native";
import { pressedState } from "./pressed.ts";
import { Text } from "./text.tsx";
import { type Colors, RADIUS, SPACE, TOUCH, useColors } from "./theme.ts";

interface Props {
  readonly label: string;
  onPress(): void;
  readonly kind?: "main" | "plain" | "trouble";
  readonly disabled?: boolean;
  /** For a button that is on or off. */
  readonly pressed?: boolean;
  readonly grow?: boolean;
  readonly testID?: string;
}

export function Button({
  label,
  onPress,
  kind = "plain",
  disabled = false,
  pressed,
  grow = false,
  testID,
}: Props) {
  const colors = useColors();
  const { ground, edge, text } = look(kind, pressed === true, colors);
  return (
    <Pressable
      role="button"
      aria-label={label}
      aria-disabled={disabled}
      {...(pressed === undefined ? {} : pressedState(pressed))}
      disabled={disabled}
      onPress={onPress}
      testID={testID}
      style={({ pressed: held }) => [
        styles.button,
        { backgroundColor: ground, borderColor: edge, opacity: disabled ? 0.6 : held ? 0.8 : 1 },
        grow && styles.grow,
      ]}
    >
      <Text kind="strong" style={[styles.label, { color: text }]}>
        {label}
      </Text>
    </Pressable>
  );
}

function look(kind: NonNullable<Props["kind"]>, on: boolean, colors: Colors) {
  if (kind === "main" || on) return { ground: colors.accent, edge: colors.accent, text: colors.onAccent };
  if (kind === "trouble") return { ground: colors.trouble, edge: colors.trouble, text: colors.onTrouble };
  return { ground: colors.surface, edge: colors.edge, text: colors.text };
}

const styles = StyleSheet.create({
  button: {
    minHeight: TOUCH,
    paddingHorizontal: SPACE.xl,
    paddingVertical: SPACE.m,
    borderWidth: 1,
    borderRadius: RADIUS.small,
    alignItems: "center",
    justifyContent: "center",
  },
  grow: { flexGrow: 1, flexBasis: 96 },
  label: { textAlign: "center" },
});
