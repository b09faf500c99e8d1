import { useId, useState } from "react";
import { StyleSheet, TextInput, type TextInputProps, View } from "react-native";
import { Text } from "./text.tsx";
import { RADIUS, SPACE, TOUCH, useColors } from "./theme.ts";

interface Props
  extends Pick<
    TextInputProps,
    "secureTextEntry" | "inputMode" | "editable" | "onSubmitEditing" | "autoComplete"
  > {
  readonly label: string;
  readonly hint: string;
  /** What is wrong with the value. */
  readonly fault?: string | undefined;
  readonly value: string;
  onChange(value: string): void;
  /** The field was left. */
  onDone(value: string): void;
  readonly testID: string;
}

export function Field({ label, hint, fault, value, onChange, onDone, testID, ...input }: Props) {
  const colors = useColors();
  const id = useId();
  const [focused, setFocused] = useState(false);
  const edge = fault === undefined ? (focused ? colors.accent : colors.edge) : colors.trouble;
  return (
    <View style={styles.field}>
      <Text kind="strong">{label}</Text>
      <TextInput
        {...input}
        value={value}
        onChangeText={onChange}
        onFocus={() => setFocused(true)}
        onBlur={() => {
          setFocused(false);
          onDone(value);
        }}
        autoCapitalize="none"
        autoCorrect={false}
        spellCheck={false}
        aria-label={label}
        accessibilityHint={fault ?? hint}
        aria-invalid={fault !== undefined}
        aria-describedby={id}
        placeholderTextColor={colors.quiet}
        testID={testID}
        style={[
          styles.input,
          { color: colors.text, backgroundColor: colors.surface, borderColor: edge },
          focused && styles.focused,
        ]}
      />
      <View nativeID={id}>
        <Text kind="quiet" {...(fault === undefined ? {} : { color: "trouble", live: "polite" })}>
          {fault ?? hint}
        </Text>
      </View>
    </View>
  );
}

const styles = StyleSheet.create({
  field: { gap: SPACE.s },
  input: {
    minHeight: TOUCH,
    paddingHorizontal: SPACE.l,
    paddingVertical: SPACE.m,
    borderWidth: 1,
    borderRadius: RADIUS.small,
    fontSize: 16,
  },
  focused: { borderWidth: 2 },
});
