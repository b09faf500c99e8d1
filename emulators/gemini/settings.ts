import { DEV_PORTS } from "../../protocol/development.ts";
import { emulatorSettings } from "../common/settings.ts";

/** What this program reads of its environment. */
export const Settings = emulatorSettings(DEV_PORTS.gemini);

/** Every variable that this program reads. */
export const SETTING_NAMES: readonly string[] = Object.keys(Settings.shape);

/** The access token that the Vertex address accepts as `Authorization: Bearer`. Like every key here it is public. */
export const EMULATED_VERTEX_TOKEN = "emulated-vertex-token";
