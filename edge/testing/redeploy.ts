/** Gives an object other settings, as a deployment would. */
export function redeploy(object: object, settings: object): void {
  Object.defineProperty(object, "env", { value: settings, configurable: true });
}
