import { Pressable, StyleSheet, View } from "react-native";
import { Text } from "./text.tsx";
import { RADIUS, SPACE, TOUCH, useColors } from "./theme.ts";

interface Props<Value extends string> {
  readonly label: string;
  readonly options: readonly { readonly value: Value; readonly label: string }[];
  readonly chosen: Value | undefined;
  onChoose(value: Value): void;
  readonly disabled?: boolean;
  readonly testID?: string;
}

/** One of a few, all to be seen at once. */
export function Choice<Value extends string>({
  label,
  options,
  chosen,
  onChoose,
  disabled = false,
  testID,
}: Props<Value>) {
  const colors = useColors();
  return (
    <View style={styles.choice} testID={testID}>
      <Text kind="strong">{label}</Text>
      <View role="radiogroup" aria-label={label} style={styles.options}>
        {options.map((option) => {
          const checked = option.value === chosen;
          return (
            <Pressable
              key={option.value}
              role="radio"
              aria-checked={checked}
              aria-label={option.label}
              aria-disabled={disabled}
              disabled={disabled}
              onPress={() => onChoose(option.value)}
              style={[
                styles.option,
                checked
                  ? { backgroundColor: colors.accentSoft, borderColor: colors.accent }
                  : { backgroundColor: colors.surface, borderColor: colors.edge },
                checked && styles.checked,
              ]}
            >
              <Text kind={checked ? "strong" : "body"}>{option.label}</Text>
            </Pressable>
          );
        })}
      </View>
    </View>
  );
}

const styles = StyleSheet.create({
  choice: { gap: SPACE.s },
  options: { flexDirection: "row", flexWrap: "wrap", gap: SPACE.m },
  option: {
    minHeight: TOUCH,
    paddingHorizontal: SPACE.xl,
    borderWidth: 1,
    borderRadius: RADIUS.round,
    justifyContent: "center",
  },
  checked: { borderWidth: 2 },
});
