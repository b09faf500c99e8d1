import { DEV_PORTS } from "../../protocol/development.ts";
import { emulatorSettings } from "../common/settings.ts";

/** What this program reads of its environment. */
export const Settings = emulatorSettings(DEV_PORTS.daily);

/** Every variable that this program reads. */
export const SETTING_NAMES: readonly string[] = Object.keys(Settings.shape);
