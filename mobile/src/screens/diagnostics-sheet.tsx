import { RTVI_PROTOCOL_VERSION } from "@pipecat-ai/client-js";
import { useState } from "react";
import { Platform } from "react-native";
import { version } from "../../package.json";
import { explain } from "../i18n/explain.ts";
import type { Translate } from "../i18n/texts.ts";
import { copyText } from "../platform/share.ts";
import type { ServerTest } from "../provider/voice-app.ts";
import { useVoice, useVoiceApp } from "../provider/voice-client-context.ts";
import { type LogEntry, logText } from "../store/event-log.ts";
import { showToast } from "../store/voice-store.ts";
import { Button } from "../ui/button.tsx";
import { StatusCard } from "../ui/card.tsx";
import { Sheet } from "../ui/sheet.tsx";
import { Text } from "../ui/text.tsx";
import { useTranslate } from "../ui/translation.ts";

/** The newest are enough to look at; the copy has all. */
const SHOWN_ENTRIES = 30;

/** What can be told to whoever helps. Without tokens and without words: the log has neither. */
export function DiagnosticsSheet({ onClose }: { onClose(): void }) {
  const t = useTranslate();
  const app = useVoiceApp();
  const log = useVoice((state) => state.log);
  const serverUrl = useVoice(({ settings }) => settings.serverUrl);
  const [test, setTest] = useState<ServerTest | "running" | undefined>();
  const run = async () => {
    setTest("running");
    setTest(await app.testServer());
  };
  const copy = async () => {
    const copied = await copyText(diagnosticsText(serverUrl, log));
    showToast(app.store, copied === "copied" ? "news" : "trouble", {
      key: copied === "copied" ? "toast.copied" : "toast.failed",
    });
  };
  return (
    <Sheet title={t("diagnostics.title")} closeLabel={t("diagnostics.close")} onClose={onClose}>
      <Button
        label={t(test === "running" ? "diagnostics.testing" : "diagnostics.test")}
        disabled={test === "running"}
        onPress={() => void run()}
        testID="test-connection"
      />
      {test !== undefined && test !== "running" && <TestResult test={test} t={t} />}
      <Text kind="strong">{t("diagnostics.versions")}</Text>
      <Text kind="quiet">{versions()}</Text>
      <Text kind="strong">{t("diagnostics.log")}</Text>
      <Text kind="quiet">
        {log.length === 0 ? t("diagnostics.empty") : logText(log.slice(-SHOWN_ENTRIES))}
      </Text>
      <Button label={t("diagnostics.copy")} onPress={() => void copy()} />
    </Sheet>
  );
}

function TestResult({ test, t }: { readonly test: ServerTest; readonly t: Translate }) {
  if (test.ok) {
    const values = { ms: String(test.ms), status: test.status };
    return <StatusCard tone="news" title={t({ key: "diagnostics.reached", values })} testID="test-result" />;
  }
  const { title, advice, detail } = explain(test.failure);
  const lines = [t(advice), ...(detail === undefined ? [] : [detail])];
  return <StatusCard tone="trouble" title={t(title)} lines={lines} testID="test-result" />;
}

export function diagnosticsText(serverUrl: string, log: readonly LogEntry[]): string {
  return [versions(), serverUrl, logText(log)].join("\n");
}

function versions(): string {
  // In a browser the platform's version is none: React Native's stand-in for it says 0.0.0.
  const platform = Platform.OS === "web" ? "web" : `${Platform.OS} ${Platform.Version}`;
  return `Chat-VRD ${version}, RTVI ${RTVI_PROTOCOL_VERSION}, ${platform}`;
}
