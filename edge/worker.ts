export { app as default } from "./app.ts";
export { Claims } from "./claims/claims.ts";
export { Session } from "./session/session.ts";
