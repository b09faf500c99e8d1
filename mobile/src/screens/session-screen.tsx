import { usePreventRemove } from "@react-navigation/native";
import { useKeepAwake } from "expo-keep-awake";
import { useRef, useState } from "react";
import { type Text as NativeText, Platform, StyleSheet, Switch, View } from "react-native";
import { canConnect, isInCall } from "../connection/connection.ts";
import { statusKey } from "../i18n/explain.ts";
import { shareText } from "../platform/share.ts";
import { useVoice, useVoiceApp } from "../provider/voice-client-context.ts";
import { showToast } from "../store/voice-store.ts";
import { transcriptText } from "../transcript/transcript.ts";
import { Avatar } from "../ui/avatar.tsx";
import { Button } from "../ui/button.tsx";
import { FollowingScreen } from "../ui/following-screen.tsx";
import { Text } from "../ui/text.tsx";
import { type Colors, SPACE, TOUCH, useColors } from "../ui/theme.ts";
import { useTranslate } from "../ui/translation.ts";
import { useFocusOnMount } from "../ui/use-accessibility.ts";
import { Waveform } from "../ui/waveform.tsx";
import { AudioSheet } from "./audio-sheet.tsx";
import { Cards } from "./cards.tsx";
import { TalkButton } from "./talk-button.tsx";
import { TranscriptList } from "./transcript-list.tsx";

/** The call: who is there, what is said, and what can be done. It stays until it is put away. */
export function SessionScreen() {
  const t = useTranslate();
  const isOver = useVoice(({ connection }) => canConnect(connection));
  const lines = useVoice((state) => state.transcript.lines);
  // Leaving is hanging up, which has a button of its own: a stray gesture does not end a call.
  usePreventRemove(!isOver, () => undefined);
  return (
    <FollowingScreen
      follow={lines}
      newWords={t("call.newWords")}
      footer={isOver ? <OverControls /> : <CallControls />}
    >
      {!isOver && <Awake />}
      <Status />
      <Cards />
      {!isOver && (
        <View style={styles.waves} aria-label={t("call.levels")} role="group">
          <Waveform side="user" label={t("call.you")} />
          <Waveform side="assistant" label={t("call.assistant")} />
        </View>
      )}
      <TranscriptList />
    </FollowingScreen>
  );
}

/** The screen stays on while it is there. */
function Awake() {
  useKeepAwake("call", { suppressDeactivateWarnings: true });
  return null;
}

function Status() {
  const t = useTranslate();
  const title = useRef<NativeText>(null);
  useFocusOnMount(title);
  const key = useVoice(({ connection, speaker, talk, muted }) =>
    statusKey(connection, { speaker, talk, muted }),
  );
  // What the ear tells as well is not read out: it would be one more voice over the assistant's.
  const isHeard = key === "status.listening" || key === "status.speaking";
  return (
    <View style={styles.status}>
      <Avatar size={72} />
      <Text
        kind="title"
        ref={title}
        style={styles.line}
        testID="status"
        {...(isHeard ? {} : { live: "polite" })}
      >
        {t(key)}
      </Text>
    </View>
  );
}

function CallControls() {
  const t = useTranslate();
  const app = useVoiceApp();
  const isLive = useVoice(({ connection }) => isInCall(connection));
  const byButton = useVoice(({ talk }) => talk.mode === "push");
  const muted = useVoice((state) => state.muted);
  const [choosing, setChoosing] = useState(false);
  return (
    <>
      {isLive && byButton && <TalkButton />}
      <Toggle
        label={t("call.pushToTalk")}
        on={byButton}
        onChange={(on) => app.change({ pushToTalk: on })}
        testID="push-to-talk"
      />
      <View style={styles.row}>
        <Button
          grow
          label={t(muted ? "call.unmute" : "call.mute")}
          pressed={muted}
          disabled={!isLive}
          onPress={() => app.session.controls.setMuted(!muted)}
          testID="mute"
        />
        <Button
          grow
          label={t("call.audio")}
          disabled={!isLive}
          onPress={() => setChoosing(true)}
          testID="audio"
        />
        <Button
          grow
          kind="trouble"
          label={t("call.hangUp")}
          onPress={() => app.session.hangUp()}
          testID="hang-up"
        />
      </View>
      {choosing && <AudioSheet onClose={() => setChoosing(false)} />}
    </>
  );
}

/** After the call: its words can be kept, and the next one begun. */
function OverControls() {
  const t = useTranslate();
  const app = useVoiceApp();
  const transcript = useVoice((state) => state.transcript);
  const large = useVoice(({ settings }) => settings.largeCaptions);
  const share = async () => {
    const shared = await shareText(
      transcriptText(transcript, { user: t("call.you"), assistant: t("call.assistant") }),
    );
    if (shared === "copied") showToast(app.store, "news", { key: "toast.copied" });
    if (shared === "failed") showToast(app.store, "trouble", { key: "toast.failed" });
  };
  return (
    <>
      <Toggle
        label={t("call.captions")}
        on={large}
        onChange={(on) => app.change({ largeCaptions: on })}
        testID="captions"
      />
      <View style={styles.row}>
        <Button
          grow
          label={t("call.share")}
          disabled={transcript.lines.length === 0}
          onPress={() => void share()}
          testID="share"
        />
        <Button grow label={t("call.again")} onPress={() => app.session.connect()} testID="again" />
        <Button grow kind="main" label={t("call.done")} onPress={() => app.session.dismiss()} testID="done" />
      </View>
    </>
  );
}

interface ToggleProps {
  readonly label: string;
  readonly on: boolean;
  onChange(on: boolean): void;
  readonly testID: string;
}

function Toggle({ label, on, onChange, testID }: ToggleProps) {
  const colors = useColors();
  return (
    <View style={styles.toggle}>
      <Text kind="strong">{label}</Text>
      <Switch
        value={on}
        onValueChange={onChange}
        aria-label={label}
        testID={testID}
        trackColor={{ false: colors.edge, true: colors.accent }}
        thumbColor={colors.surface}
        {...onTheWeb(colors)}
      />
    </View>
  );
}

/** A browser's switch has a colour of its own for a thumb that is on. React Native does not know the name. */
function onTheWeb(colors: Colors): object {
  return Platform.OS === "web" ? { activeThumbColor: colors.surface } : {};
}

const styles = StyleSheet.create({
  status: { flexDirection: "row", alignItems: "center", gap: SPACE.l },
  line: { flexShrink: 1, fontSize: 20, lineHeight: 28 },
  waves: { gap: SPACE.m },
  row: { flexDirection: "row", flexWrap: "wrap", gap: SPACE.m },
  toggle: { flexDirection: "row", alignItems: "center", justifyContent: "space-between", minHeight: TOUCH },
});
