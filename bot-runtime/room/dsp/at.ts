/**
 * An element of a typed array, for inner loops. A typed array holds a number at every index within its bounds,
 * which the compiler cannot know; the loops below compute their indexes from the arrays' own lengths.
 */
export function at(array: Float32Array | Int16Array | Uint32Array, index: number): number {
  return array[index] as number;
}
