import type { Permission } from "../session/ports.ts";

/** A browser asks when the microphone is opened, and goes on in the background. */
export function askForMicrophone(): Promise<Permission> {
  return Promise.resolve({ granted: true, background: true });
}
