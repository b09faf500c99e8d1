import { OUTPUT_SAMPLE_RATE } from "../../pipeline/audio.ts";

/** The rate inside the page, of both the AudioContext and WebRTC. */
export const PAGE_SAMPLE_RATE = 48_000;
/** How often the page sends the frames of all its calls, in milliseconds of audio. */
export const BATCH_MS = 20;
/** A batch that comes so long after the one before it is late: a far end's jitter buffer holds less. */
export const LATE_BATCH_MS = 60;

/** Largest piece of speech in one frame to the page: 100 ms. Fewer, larger frames cost the page less. */
export const MAX_PLAY_FRAME_SAMPLES = OUTPUT_SAMPLE_RATE / 10;
/** How far Node sends ahead of what is heard. A stall of Node as long as this is not heard either. */
export const PLAY_LEAD_SAMPLES = 2 * OUTPUT_SAMPLE_RATE;
/** What a call's queue in the page holds. Twice the lead, so that it is never full unless Node miscounts. */
export const PAGE_QUEUE_SAMPLES = 2 * PLAY_LEAD_SAMPLES;

/** A text message from Node to the page's worker, which answers with the same. Not JSON, so that no thread parses it. */
export const BEAT = "beat";
/** How the page's main thread answers the same beat. */
export const MAIN_BEAT = "main-beat";
/** Node sends a beat in this interval. */
export const BEAT_MS = 500;
/** The page leaves all its rooms when it has heard nothing of Node for this long. */
export const HOST_SILENT_MS = 4_000;
/** How often the page looks; with it, the page is gone within 5 s. */
export const HOST_CHECK_MS = 250;
/** Node gives the page up when neither worker nor, while it holds calls, audio thread was heard for this long. */
export const PAGE_SILENT_MS = 3_000;
/** The main thread may be busy for a while (it compiles the call machine) without harm to the audio. */
export const PAGE_MAIN_SILENT_MS = 10_000;

/** Unsent bytes at which the page drops a batch: about 4 s of eight calls, when Node is given up anyway. */
export const MAX_PAGE_BACKLOG_BYTES = 1 << 20;
/** Unsent bytes at which Node gives the page up. Credit holds audio far below it. */
export const MAX_HOST_BACKLOG_BYTES = 4 << 20;
/** The highest number of a call: numbers fit in 16 bits, and 0 is none. */
export const MAX_CALL = 0xffff;
/** Daily's ids, names and error types are far shorter. What is longer is cut off in the page. */
export const MAX_ID_CHARS = 256;
export const MAX_NAME_CHARS = 1_024;
export const MAX_ERROR_TYPE_CHARS = 64;
/**
 * Longest text from the page. A longer one is dropped, and said to be: whatever somebody in a room sends, it must
 * not break the socket of all the page's calls. In UTF-8 it is at most three times as many bytes.
 */
export const MAX_CONTROL_CHARS = 64 << 10;
/** Largest message on the bridge, either way. */
export const MAX_MESSAGE_BYTES = 256 << 10;

/** Daily's limit for an app message, in characters of JSON. */
export const MAX_APP_MESSAGE_CHARS = 4_096;
