import { z } from "zod";
import { DEV_PORTS } from "../../protocol/development.ts";
import { emulatorSettings } from "../common/settings.ts";

/** What this program reads of its environment. */
export const Settings = emulatorSettings(DEV_PORTS.daily).extend({
  /** Whether it refuses the calls that Daily's rate limits would. */
  DAILY_EMULATOR_RATE_LIMITS: z
    .enum(["true", "false"], { error: "has to be true or false" })
    .default("false")
    .transform((word) => word === "true"),
});

/** Every variable that this program reads. */
export const SETTING_NAMES: readonly string[] = Object.keys(Settings.shape);
