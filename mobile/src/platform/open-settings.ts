/** A page cannot open the browser's settings. */
export const openSettings: (() => void) | undefined = undefined;
