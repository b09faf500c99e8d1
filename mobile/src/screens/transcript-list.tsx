import { memo } from "react";
import { Text as Span, StyleSheet, View } from "react-native";
import { useVoice } from "../provider/voice-client-context.ts";
import { isEmpty, type Line } from "../transcript/transcript.ts";
import { Text } from "../ui/text.tsx";
import { RADIUS, SPACE, useColors } from "../ui/theme.ts";
import { useTranslate } from "../ui/translation.ts";

/**
 * What was said, with what is just being said: firm words solid, words that may still change or were not heard yet
 * pale. Not read out as it grows: all of it has just been heard, and an open microphone would take a screen reader's
 * voice for the user's.
 */
export function TranscriptList() {
  const t = useTranslate();
  const { lines, dropped } = useVoice((state) => state.transcript);
  const large = useVoice(({ settings }) => settings.largeCaptions);
  const shown = lines.filter((line) => !isEmpty(line));
  return (
    <View
      role="log"
      aria-live="off"
      aria-label={t("call.conversation")}
      style={styles.list}
      testID="transcript"
    >
      {dropped > 0 && <Text kind="quiet">{t("call.dropped")}</Text>}
      {shown.length === 0 && <Text kind="quiet">{t("call.nothingSaid")}</Text>}
      {shown.map((line) => (
        <Row
          key={line.key}
          line={line}
          large={large}
          name={t(line.role === "user" ? "call.you" : "call.assistant")}
          cutOff={t("call.cutOff")}
        />
      ))}
    </View>
  );
}

interface RowProps {
  readonly line: Line;
  readonly large: boolean;
  readonly name: string;
  readonly cutOff: string;
}

/** Lines are values: only the one that changed is drawn again. */
const Row = memo(function Row({ line, large, name, cutOff }: RowProps) {
  const colors = useColors();
  const isUser = line.role === "user";
  const size = large ? styles.large : undefined;
  return (
    <View
      style={[
        styles.row,
        isUser
          ? { alignSelf: "flex-end", backgroundColor: colors.accentSoft }
          : { alignSelf: "flex-start", backgroundColor: colors.surface },
      ]}
    >
      <Text kind="quiet">{!isUser && line.interrupted ? `${name} · ${cutOff}` : name}</Text>
      {isUser ? (
        <Text style={size}>
          {line.text}
          {line.partial !== "" && (
            <Span style={{ color: colors.quiet, fontStyle: "italic" }}>
              {line.text === "" ? "" : " "}
              {line.partial}…
            </Span>
          )}
        </Text>
      ) : (
        <AssistantText line={line} large={large} />
      )}
    </View>
  );
});

function AssistantText({
  line,
  large,
}: {
  readonly line: Extract<Line, { role: "assistant" }>;
  readonly large: boolean;
}) {
  const colors = useColors();
  return (
    <Text style={large ? styles.large : undefined}>
      {line.segments.map(({ heard, rest }, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: segments are only ever added at the end
        <Span key={index}>
          {index > 0 && " "}
          {heard}
          {rest !== "" && (
            <Span
              style={[{ color: colors.quiet }, line.interrupted && styles.unheard]}
              testID={line.interrupted ? "unheard" : "ahead"}
            >
              {heard === "" || /\s$/.test(heard) || /^\s/.test(rest) ? "" : " "}
              {rest}
            </Span>
          )}
        </Span>
      ))}
    </Text>
  );
}

const styles = StyleSheet.create({
  list: { gap: SPACE.m },
  row: { maxWidth: "90%", paddingVertical: SPACE.m, paddingHorizontal: SPACE.l, borderRadius: RADIUS.card },
  large: { fontSize: 24, lineHeight: 34 },
  unheard: { textDecorationLine: "line-through" },
});
