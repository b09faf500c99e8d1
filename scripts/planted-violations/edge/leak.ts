import { bot } from "../bot-runtime/bot.ts";
import { view } from "./console/view.ts";

export const leak = [bot, view];
