/** How much a value grows per hour, by least squares, given pairs of minutes and values. */
export function slopePerHour(points) {
  const mean = (at) => points.reduce((sum, point) => sum + point[at], 0) / points.length;
  const [meanMinute, meanValue] = [mean(0), mean(1)];
  let products = 0;
  let squares = 0;
  for (const [minute, value] of points) {
    products += (minute - meanMinute) * (value - meanValue);
    squares += (minute - meanMinute) ** 2;
  }
  return squares === 0 ? 0 : Math.round((60 * products) / squares);
}
