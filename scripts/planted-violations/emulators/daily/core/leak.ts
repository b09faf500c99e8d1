import { createServer } from "node:http";

export const leak = createServer;
