import { useColorScheme } from "react-native";

/**
 * Calm and plain, as the service's own console: the system's font, one accent, room to breathe. Light and dark follow
 * the system. Every pair of text and ground has a contrast of at least 4.5, every line that carries meaning one of 3;
 * a test computes both.
 */
export interface Colors {
  readonly ground: string;
  readonly surface: string;
  readonly sunken: string;
  readonly text: string;
  readonly quiet: string;
  readonly line: string;
  readonly edge: string;
  readonly accent: string;
  readonly accentSoft: string;
  readonly onAccent: string;
  readonly trouble: string;
  readonly troubleSoft: string;
  readonly onTrouble: string;
}

export const LIGHT: Colors = {
  ground: "#f4f5f8",
  surface: "#ffffff",
  sunken: "#eceef3",
  text: "#171a21",
  quiet: "#555d6b",
  line: "#d9dde5",
  edge: "#7c8593",
  accent: "#3350c8",
  accentSoft: "#e6eafb",
  onAccent: "#ffffff",
  trouble: "#a3311b",
  troubleSoft: "#fdeeea",
  onTrouble: "#ffffff",
};

export const DARK: Colors = {
  ground: "#101318",
  surface: "#191d25",
  sunken: "#232833",
  text: "#e8ebf1",
  quiet: "#a4adbc",
  line: "#2d3442",
  edge: "#78839a",
  accent: "#a3b5ff",
  accentSoft: "#262f52",
  onAccent: "#10142a",
  trouble: "#ffb4a3",
  troubleSoft: "#3d211b",
  onTrouble: "#2a0f08",
};

/** Density-independent pixels. */
export const SPACE = { s: 4, m: 8, l: 12, xl: 16, xxl: 24 } as const;
export const RADIUS = { small: 8, card: 12, round: 999 } as const;
/** Wide enough for a thumb. */
export const TOUCH = 48;
/** On a tablet or a wide window lines get no longer than can be read well. */
export const MAX_WIDTH = 640;

export function useColors(): Colors {
  return useColorScheme() === "dark" ? DARK : LIGHT;
}
