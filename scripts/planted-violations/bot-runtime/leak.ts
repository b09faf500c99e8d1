import { core } from "../emulators/core.ts";

export const leak = core;
