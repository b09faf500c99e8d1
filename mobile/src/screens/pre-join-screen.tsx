import { useRef, useState } from "react";
import { type Text as NativeText, Platform, StyleSheet, View } from "react-native";
import { canConnect } from "../connection/connection.ts";
import { statusKey } from "../i18n/explain.ts";
import { LANGUAGE_TAGS, LANGUAGES } from "../i18n/languages.ts";
import { useVoice, useVoiceApp } from "../provider/voice-client-context.ts";
import { isThisDevice, parseAddress } from "../settings/server.ts";
import { Avatar } from "../ui/avatar.tsx";
import { Button } from "../ui/button.tsx";
import { Choice } from "../ui/choice.tsx";
import { Field } from "../ui/field.tsx";
import { Screen } from "../ui/screen.tsx";
import { Text } from "../ui/text.tsx";
import { SPACE } from "../ui/theme.ts";
import { useTranslate } from "../ui/translation.ts";
import { useFocusOnMount } from "../ui/use-accessibility.ts";
import { Cards } from "./cards.tsx";
import { DiagnosticsSheet } from "./diagnostics-sheet.tsx";
import { OfferCard } from "./offer-card.tsx";

const LANGUAGE_OPTIONS = LANGUAGE_TAGS.map((value) => ({ value, label: LANGUAGES[value] }));

/** Before the call: which service, in which language, and the microphone's permission. */
export function PreJoinScreen() {
  const t = useTranslate();
  const app = useVoiceApp();
  const title = useRef<NativeText>(null);
  useFocusOnMount(title);
  const connection = useVoice((state) => state.connection);
  const language = useVoice(({ settings }) => settings.language);
  const [diagnosing, setDiagnosing] = useState(false);
  const isFree = canConnect(connection);
  return (
    <Screen footer={<ConnectButton />}>
      <View style={styles.head}>
        <Avatar />
        <Text kind="title" ref={title}>
          {t("app.title")}
        </Text>
        <Text style={styles.centred}>{t("join.intro")}</Text>
        <Text kind="quiet" live="polite" style={styles.centred} testID="status">
          {t(statusKey(connection, { speaker: "nobody", talk: { mode: "open" }, muted: false }))}
        </Text>
      </View>
      <OfferCard />
      <Cards />
      <ServerFields disabled={!isFree} />
      <Choice
        label={t("join.language")}
        options={LANGUAGE_OPTIONS}
        chosen={language}
        onChoose={(chosen) => app.change({ language: chosen })}
        disabled={!isFree}
        testID="languages"
      />
      <Button label={t("join.diagnostics")} onPress={() => setDiagnosing(true)} testID="diagnostics" />
      {diagnosing && <DiagnosticsSheet onClose={() => setDiagnosing(false)} />}
    </Screen>
  );
}

function ConnectButton() {
  const t = useTranslate();
  const app = useVoiceApp();
  const isFree = useVoice((state) => canConnect(state.connection));
  const hasServer = useVoice(({ settings }) => parseAddress(settings.serverUrl).ok);
  return isFree ? (
    <Button
      kind="main"
      label={t("join.connect")}
      disabled={!hasServer}
      onPress={() => app.session.connect()}
      testID="connect"
    />
  ) : (
    <Button label={t("join.cancel")} onPress={() => app.session.hangUp()} testID="cancel" />
  );
}

/** What is typed counts as soon as it is an address, and is judged when the field is left. */
function ServerFields({ disabled }: { readonly disabled: boolean }) {
  const t = useTranslate();
  const app = useVoiceApp();
  const { serverUrl, token } = useVoice((state) => state.settings);
  const needsToken = useVoice(({ server }) => server?.auth === "bearer");
  const [typed, setTyped] = useState(serverUrl);
  const [kept, setKept] = useState(serverUrl);
  const [left, setLeft] = useState(false);
  if (kept !== serverUrl) {
    // Changed from elsewhere, as by a link.
    setKept(serverUrl);
    setTyped(serverUrl);
  }
  const address = parseAddress(typed);
  const fault = left && !address.ok ? t(`address.${address.fault}`) : undefined;
  const misleads = address.ok && Platform.OS !== "web" && isThisDevice(address.url);
  const keep = (value: string) => {
    setKept(value);
    app.changeServer(value);
  };
  return (
    <>
      <Field
        label={t("join.server")}
        hint={misleads ? t("address.thisDevice") : t("join.serverHint")}
        fault={fault}
        value={typed}
        onChange={(value) => {
          setTyped(value);
          setLeft(false);
        }}
        onDone={(value) => {
          setLeft(true);
          keep(value.trim());
        }}
        inputMode="url"
        autoComplete="url"
        editable={!disabled}
        testID="server"
      />
      <Field
        label={t("join.token")}
        hint={t(needsToken ? "join.tokenNeeded" : "join.tokenHint")}
        value={token}
        onChange={(value) => app.change({ token: value.trim() })}
        onDone={() => undefined}
        secureTextEntry
        autoComplete="off"
        editable={!disabled}
        testID="token"
      />
    </>
  );
}

const styles = StyleSheet.create({
  head: { alignItems: "center", gap: SPACE.s },
  centred: { textAlign: "center" },
});
