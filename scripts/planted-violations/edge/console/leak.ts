import { app } from "../app.ts";

export const leak = app;
