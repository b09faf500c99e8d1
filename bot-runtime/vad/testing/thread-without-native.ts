/** The model's thread on a machine where the native library is not installed. */
import { registerHooks } from "node:module";

registerHooks({
  resolve: (specifier, context, next) => {
    if (specifier === "onnxruntime-node") throw new Error("Cannot find package 'onnxruntime-node'");
    return next(specifier, context);
  },
});
await import("../silero-thread.ts");
