import { type ReactNode, useEffect, useState } from "react";
import type { VoiceApp } from "./voice-app.ts";
import { VoiceClientContext } from "./voice-client-context.ts";

interface Props {
  readonly app: VoiceApp;
  /** Until the settings have been read: some milliseconds. */
  readonly fallback: ReactNode;
  readonly children: ReactNode;
}

/** Opens the app with the first screen and closes it with the last one: no call outlives its screens. */
export function VoiceSessionProvider({ app, fallback, children }: Props) {
  const [isOpen, setOpen] = useState(false);
  useEffect(() => {
    let mounted = true;
    void app.open().then(() => {
      if (mounted) setOpen(true);
    });
    return () => {
      mounted = false;
      void app.close();
    };
  }, [app]);
  return <VoiceClientContext value={app}>{isOpen ? children : fallback}</VoiceClientContext>;
}
