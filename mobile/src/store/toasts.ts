import type { Message } from "../i18n/messages.ts";

/** Something to know for a moment. What has to be acted on is a status card instead. */
export interface Toast {
  readonly key: number;
  readonly tone: "news" | "trouble";
  readonly message: Message;
}

/** More cannot be read at once, and would cover the buttons. The oldest goes. */
export const MAX_TOASTS = 2;
/** Enough to read two lines twice. */
export const TOAST_MS = 6_000;

/** A message that is shown already is not shown twice, but anew. */
export function addToast(toasts: readonly Toast[], toast: Toast): readonly Toast[] {
  const same = JSON.stringify(toast.message);
  const others = toasts.filter(({ message }) => JSON.stringify(message) !== same);
  return [...others, toast].slice(-MAX_TOASTS);
}
