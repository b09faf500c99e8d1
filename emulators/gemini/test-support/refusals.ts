import { expect } from "vitest";

/** How Google closes on a message that is wrong, for `toEqual`. */

export const invalidArgument = (detail: RegExp) => ({
  code: 1007,
  reason: expect.stringMatching(new RegExp(`^Request contains an invalid argument\\. .*${detail.source}`)),
});

export const unknownName = (name: string, path: string) => ({
  code: 1007,
  reason: `Invalid JSON payload received. Unknown name "${name}" at '${path}': Cannot find field.`,
});

export const invalidValue = (path: string) => ({
  code: 1007,
  reason: expect.stringMatching(`^Invalid value at '${path.replaceAll(/[.[\]]/g, "\\$&")}'`),
});
