import { z } from "zod";

// zod tries whether it may make code of text. Hermes cannot, and in a browser each try breaks the page's policy.
z.config({ jitless: true });
