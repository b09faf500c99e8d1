export const bot = "bot";
