import type { bot } from "../bot.ts";

export type Leak = typeof bot;
