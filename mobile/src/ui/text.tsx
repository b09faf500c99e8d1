import type { ReactNode, Ref } from "react";
import { Text as NativeText, type StyleProp, type TextStyle } from "react-native";
import { type Colors, useColors } from "./theme.ts";

interface Props {
  readonly children: ReactNode;
  readonly kind?: "title" | "heading" | "body" | "strong" | "quiet";
  readonly color?: keyof Colors;
  readonly style?: StyleProp<TextStyle>;
  readonly live?: "polite" | "assertive";
  readonly testID?: string;
  readonly ref?: Ref<NativeText>;
}

/** Sizes grow with the system's; nothing cuts them off. */
const KINDS = {
  title: { fontSize: 24, lineHeight: 32, fontWeight: "700" },
  heading: { fontSize: 18, lineHeight: 26, fontWeight: "600" },
  body: { fontSize: 16, lineHeight: 24, fontWeight: "400" },
  strong: { fontSize: 16, lineHeight: 24, fontWeight: "600" },
  quiet: { fontSize: 14, lineHeight: 20, fontWeight: "400" },
} as const satisfies Record<string, TextStyle>;

const LEVELS = { title: 1, heading: 2 } as const;

export function Text({ children, kind = "body", color, style, live, testID, ref }: Props) {
  const colors = useColors();
  const tint = { color: colors[color ?? (kind === "quiet" ? "quiet" : "text")] };
  const heading = kind === "title" || kind === "heading" ? headingProps(LEVELS[kind]) : {};
  return (
    <NativeText
      ref={ref}
      style={[KINDS[kind], tint, style]}
      testID={testID}
      {...(live ? { "aria-live": live } : {})}
      {...heading}
    >
      {children}
    </NativeText>
  );
}

/** Browsers want a level; React Native has a role only, and hands the rest on. */
function headingProps(level: number): object {
  return { role: "heading", "aria-level": level };
}
