/** The audio of the pipeline: s16 mono, at the rates that Gemini Live takes and sends. */

/** The user's voice. It comes in frames of 20 ms. */
export const INPUT_SAMPLE_RATE = 16_000;
export const INPUT_FRAME_SAMPLES = 320;
/** The bot's voice, in pieces of any length. */
export const OUTPUT_SAMPLE_RATE = 24_000;
