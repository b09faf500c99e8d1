export interface Point {
  x: number;
  y: number;
}

export interface Trend {
  /** Of the least-squares line, in y for each x. */
  slope: number;
  /** Of the slope: the true one is within twice this, nineteen times of twenty, if what is around the line is chance. */
  standardError: number;
}

/** @throws RangeError when there are fewer than three points, or all have the same x */
export function trendOf(points: readonly Point[]): Trend {
  if (points.length < 3) throw new RangeError(`${points.length} points have no trend`);
  const meanX = points.reduce((sum, { x }) => sum + x, 0) / points.length;
  const meanY = points.reduce((sum, { y }) => sum + y, 0) / points.length;
  let xx = 0;
  let xy = 0;
  for (const { x, y } of points) {
    xx += (x - meanX) ** 2;
    xy += (x - meanX) * (y - meanY);
  }
  if (xx === 0) throw new RangeError("All points are at one place");
  const slope = xy / xx;
  const left = points.reduce((sum, { x, y }) => sum + (y - meanY - slope * (x - meanX)) ** 2, 0);
  return { slope, standardError: Math.sqrt(left / (points.length - 2) / xx) };
}
