import { createContext, useContext } from "react";
import { useStore } from "zustand";
import type { VoiceState } from "../store/voice-store.ts";
import type { VoiceApp } from "./voice-app.ts";

export const VoiceClientContext = createContext<VoiceApp | undefined>(undefined);

/** The app behind the screens. */
export function useVoiceApp(): VoiceApp {
  const app = useContext(VoiceClientContext);
  if (!app) throw new Error("This belongs inside a VoiceSessionProvider");
  return app;
}

/** A part of the state. What a component selects is all that it is drawn again for. */
export function useVoice<Part>(select: (state: VoiceState) => Part): Part {
  return useStore(useVoiceApp().store, select);
}
