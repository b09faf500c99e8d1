import { app } from "../../edge/app.ts";

export const leak = app;
