/** Where a Live session is opened, below the emulator's address. */
export const LIVE_PATH = "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent";
