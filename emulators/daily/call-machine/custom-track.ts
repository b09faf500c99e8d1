/** Stands in a message where a custom track was given; the track itself is in `window._daily`. */
export const CUSTOM_TRACK = "daily-custom-track";
