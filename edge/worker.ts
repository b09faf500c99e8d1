export { app as default } from "./app.ts";
export { Claims } from "./claims/claims.ts";
export { BotContainer } from "./fleet/bot-container.ts";
export { Session } from "./session/session.ts";
