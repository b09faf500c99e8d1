import { type ReactNode, useRef, useState } from "react";
import {
  type NativeScrollEvent,
  type NativeSyntheticEvent,
  ScrollView,
  StyleSheet,
  View,
} from "react-native";
import { SafeAreaView } from "react-native-safe-area-context";
import { Button } from "./button.tsx";
import { MAX_WIDTH, SPACE, useColors } from "./theme.ts";
import { useReducedMotion } from "./use-accessibility.ts";

interface Props {
  readonly children: ReactNode;
  readonly footer: ReactNode;
  /** What is followed: when it changes, there is something new at the end. */
  readonly follow: unknown;
  /** Says so to who is reading further up. */
  readonly newWords: string;
}

/** Nearer to the end than this somebody means to see the newest, in density-independent pixels. */
const AT_END = 80;

/** A screen that grows at its end and stays there, unless the user has scrolled up to read. */
export function FollowingScreen({ children, footer, follow, newWords }: Props) {
  const colors = useColors();
  const still = useReducedMotion();
  const scroll = useRef<ScrollView>(null);
  const atEnd = useRef(true);
  const [seen, setSeen] = useState(follow);
  const [reading, setReading] = useState(false);
  const toEnd = () => scroll.current?.scrollToEnd({ animated: !still });
  const onScroll = ({ nativeEvent }: NativeSyntheticEvent<NativeScrollEvent>) => {
    const { contentOffset, layoutMeasurement, contentSize } = nativeEvent;
    atEnd.current = contentOffset.y + layoutMeasurement.height >= contentSize.height - AT_END;
    setReading(!atEnd.current);
    if (atEnd.current) setSeen(follow);
  };
  return (
    <SafeAreaView role="main" style={[styles.screen, { backgroundColor: colors.ground }]}>
      <ScrollView
        ref={scroll}
        style={styles.screen}
        contentContainerStyle={styles.content}
        onScroll={onScroll}
        scrollEventThrottle={100}
        onContentSizeChange={() => {
          if (atEnd.current) toEnd();
        }}
        tabIndex={0}
      >
        <View style={styles.column}>{children}</View>
      </ScrollView>
      {reading && seen !== follow && (
        <View style={styles.pill}>
          <Button kind="main" label={newWords} onPress={toEnd} testID="new-words" />
        </View>
      )}
      <View style={[styles.footer, { borderColor: colors.line, backgroundColor: colors.surface }]}>
        <View style={styles.column}>{footer}</View>
      </View>
    </SafeAreaView>
  );
}

const styles = StyleSheet.create({
  screen: { flex: 1 },
  content: { padding: SPACE.xl, alignItems: "center" },
  column: { width: "100%", maxWidth: MAX_WIDTH, gap: SPACE.l },
  footer: { padding: SPACE.xl, alignItems: "center", borderTopWidth: 1 },
  pill: { alignItems: "center", paddingBottom: SPACE.m },
});
