import { z } from "zod";

// zod tries whether it may make code of text. Here it may not, and each try is reported as a breach of the policy.
z.config({ jitless: true });
