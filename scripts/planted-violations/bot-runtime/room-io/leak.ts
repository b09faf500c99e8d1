import { bot } from "../bot.ts";

export const leak = bot;
