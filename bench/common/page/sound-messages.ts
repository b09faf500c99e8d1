export const EAR_PROCESSOR = "ear";
export const MOUTH_PROCESSOR = "mouth";

/** From the ear's worklet to the page. */
export interface HeardPiece {
  /** Of its first sample, counted by the context. */
  frame: number;
  /** `undefined`: the source gave nothing. */
  samples: Float32Array<ArrayBuffer> | undefined;
}

/** From the page to the mouth's worklet. */
export type ToMouth =
  /** At once, whatever else is being said; over and over when it is to be repeated. */
  { type: "say"; id: number; samples: Float32Array; repeat: boolean } | { type: "stop"; id: number };

export type FromMouth =
  /** The context counts that its first sample is this one. */
  { type: "began"; id: number; frame: number } | { type: "ended"; id: number };
