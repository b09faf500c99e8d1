/** Steers what the browser answers when it is asked for a microphone or a camera. */
// First, because what it counts has to be real when it is given back.
import "./remains.ts";

const real = navigator.mediaDevices?.getUserMedia;

function stub(getUserMedia: MediaDevices["getUserMedia"]): void {
  navigator.mediaDevices.getUserMedia = getUserMedia;
}

/** Every question fails with a DOMException of this name; with two names the second is the camera's. */
export function refuseDevices(audio: string, video = audio): void {
  stub(async (constraints) => {
    throw new DOMException("refused by the test", constraints?.video ? video : audio);
  });
}

/** As on a page whose address is not secure. */
export function hideDevices(): void {
  Object.defineProperty(navigator, "mediaDevices", { value: undefined, configurable: true });
}

let asked = 0;
let allow = () => {};

/** Questions wait, as for a user who is asked, until `answerPrompt`. */
export function holdPrompt(): void {
  const answered = Promise.withResolvers<void>();
  allow = () => answered.resolve();
  asked = 0;
  const { mediaDevices } = navigator;
  stub(async (constraints) => {
    asked += 1;
    await answered.promise;
    return real.call(mediaDevices, constraints);
  });
}
export const promptsAsked = () => asked;
export const answerPrompt = () => allow();

/** The constraints of every question from now on. */
const constraintsAsked: unknown[] = [];
export function watchConstraints(): void {
  const { mediaDevices } = navigator;
  constraintsAsked.length = 0;
  stub((constraints) => {
    constraintsAsked.push(structuredClone(constraints));
    return real.call(mediaDevices, constraints);
  });
}
export const watchedConstraints = () => constraintsAsked;

export function restoreDevices(): void {
  Reflect.deleteProperty(navigator, "mediaDevices");
  if (real) stub(real);
}
