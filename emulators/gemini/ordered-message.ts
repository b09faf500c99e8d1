import { z } from "zod";

/** Longest text that can be put into a message. */
const MAX_CHARS = 10_000;
const Text = z.string().max(MAX_CHARS);

const Part = z.union([
  z.strictObject({ text: Text, thought: z.boolean().default(false) }),
  z.strictObject({ executableCode: z.strictObject({ language: Text, code: Text }) }),
  z.strictObject({ codeExecutionResult: z.strictObject({ outcome: Text, output: Text }) }),
]);

const ServerContent = z
  .strictObject({
    modelTurn: z.strictObject({ role: z.literal("model").default("model"), parts: z.array(Part).max(100) }),
    groundingMetadata: z.looseObject({}),
    urlContextMetadata: z.looseObject({}),
    waitingForInput: z.literal(true),
  })
  .partial()
  .refine((content) => Object.keys(content).length > 0, { error: "is empty" });

/**
 * What Google says for reasons that an emulated voice does not have: it searches nothing, thinks nothing and runs no
 * code. Sent as it stands.
 */
export const OrderedMessage = z.union([
  z.strictObject({ serverContent: ServerContent }),
  z.strictObject({
    voiceActivityDetectionSignal: z.strictObject({
      vadSignalType: z.enum(["VAD_SIGNAL_TYPE_SOS", "VAD_SIGNAL_TYPE_EOS"]),
    }),
  }),
]);
export type OrderedMessage = z.output<typeof OrderedMessage>;
