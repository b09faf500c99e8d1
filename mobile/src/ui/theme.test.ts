import { type Colors, DARK, LIGHT } from "./theme.ts";

/** WCAG 2.2, relative luminance. */
function luminance(color: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [light = 0, dark = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

const TEXT: [keyof Colors, (keyof Colors)[]][] = [
  ["text", ["ground", "surface", "sunken", "accentSoft", "troubleSoft"]],
  ["quiet", ["ground", "surface", "sunken", "accentSoft"]],
  ["onAccent", ["accent"]],
  ["onTrouble", ["trouble"]],
  ["trouble", ["surface", "troubleSoft", "ground"]],
  ["accent", ["surface", "ground"]],
];

it.each([
  ["light", LIGHT],
  ["dark", DARK],
])("can be read: %s", (_name, colors) => {
  for (const [text, grounds] of TEXT) {
    for (const ground of grounds) {
      expect([text, ground, contrast(colors[text], colors[ground]) >= 4.5]).toEqual([text, ground, true]);
    }
  }
  for (const ground of ["ground", "surface"] as const) {
    expect(contrast(colors.edge, colors[ground])).toBeGreaterThanOrEqual(3);
  }
});

it("measures as the standard does", () => {
  expect(contrast("#000000", "#ffffff")).toBeCloseTo(21);
  expect(contrast("#777777", "#ffffff")).toBeCloseTo(4.48, 2);
});
