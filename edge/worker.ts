export { app as default } from "./app.ts";
export { Session } from "./session/session.ts";
