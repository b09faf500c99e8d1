import { isOpen, type PushToTalk, type Talk } from "./push-to-talk.ts";

export interface TalkElements {
  mode: HTMLInputElement;
  button: HTMLButtonElement;
  label: HTMLElement;
  hint: HTMLElement;
}

/** Where the space bar has a meaning of its own. */
const USES_SPACE = "a, button, input, select, textarea, summary, [tabindex], [contenteditable]";

/**
 * Hands over to `PushToTalk` what pointer, space bar and screen readers do. A screen reader presses a button without
 * pointer and key: that click toggles.
 */
export function listenToTalkControls({ mode, button }: TalkElements, talk: PushToTalk): void {
  mode.addEventListener("change", () => {
    talk.send({ type: "mode", mode: mode.checked ? "push" : "open" });
    // Whoever switched it with a pointer means to talk with the space bar, not to switch it back.
    if (!mode.matches(":focus-visible")) mode.blur();
  });

  button.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    // So that the release is heard wherever the finger has slid to.
    button.setPointerCapture(event.pointerId);
    talk.send({ type: "press", atMs: event.timeStamp });
  });
  button.addEventListener("pointerup", (event) => talk.send({ type: "release", atMs: event.timeStamp }));
  button.addEventListener("pointercancel", () => talk.send({ type: "lost" }));
  button.addEventListener("contextmenu", (event) => event.preventDefault());
  button.addEventListener("click", ({ detail }) => {
    // The click that ends a press by pointer is not one more press.
    if (detail === 0) talk.send({ type: "toggle" });
  });

  let held = false;
  document.addEventListener("keydown", (event) => {
    // A bar that is still held when the call ends must not press the button that has the focus by then.
    if (event.code !== "Space" || !(held || isForTalking(event.target, button))) return;
    // Else the page would scroll, or the button be clicked at the release.
    event.preventDefault();
    if (event.repeat || held) return;
    held = true;
    talk.send({ type: "press", atMs: event.timeStamp });
  });
  document.addEventListener("keyup", (event) => {
    if (event.code !== "Space" || !held) return;
    held = false;
    event.preventDefault();
    talk.send({ type: "release", atMs: event.timeStamp });
  });
  // The release happens in another window, and is not heard here.
  addEventListener("blur", () => {
    held = false;
    talk.send({ type: "lost" });
  });
}

function isForTalking(target: EventTarget | null, button: HTMLButtonElement): boolean {
  if (button.hidden) return false;
  return target === button || !(target instanceof Element && target.closest(USES_SPACE));
}

/** @param shown whether the button is of any use now. */
export function renderTalk({ mode, button, label, hint }: TalkElements, talk: Talk, shown: boolean): void {
  mode.checked = talk.mode === "push";
  button.hidden = !shown;
  const pressed = talk.mode === "push" && isOpen(talk);
  button.setAttribute("aria-pressed", String(pressed));
  label.textContent = talk.mode === "push" ? LABELS[talk.talking] : LABELS.no;
  hint.textContent =
    talk.mode === "open"
      ? "Off: the microphone is open during the whole call."
      : "Hold the button or the space bar to talk, or press it briefly to talk hands-free.";
}

const LABELS: Record<Extract<Talk, { mode: "push" }>["talking"], string> = {
  no: "Hold to talk",
  held: "You are on: release to stop",
  latched: "You are on: press to stop",
  tail: "You are on: release to stop",
};
