// First of all, since it steers what the others do as they are loaded.
import "./src/zod-without-eval.ts";
import { registerRootComponent } from "expo";
import { getLocales } from "expo-localization";
import { createElement } from "react";
import { App } from "./src/app.tsx";
import { cue } from "./src/platform/cue.ts";
import { defaultServer } from "./src/platform/default-server";
import { foreground } from "./src/platform/foreground.ts";
import { listenToLinks } from "./src/platform/links";
import { askForMicrophone } from "./src/platform/microphone";
import { secretStorage } from "./src/platform/secret-storage";
import { plainStorage } from "./src/platform/storage.ts";
import { realSurroundings, VoiceApp } from "./src/provider/voice-app.ts";

const app = new VoiceApp(
  realSurroundings({
    locales: getLocales().map(({ languageTag }) => languageTag),
    serverUrl: defaultServer(),
    storage: plainStorage,
    secrets: secretStorage,
    foreground,
    askForMicrophone,
    cue,
    listenToLinks,
  }),
);

registerRootComponent(() => createElement(App, { app }));
