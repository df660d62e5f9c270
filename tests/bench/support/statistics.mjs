/** What is said of repeated measurements, in pages and in Node. */

/** Returns what a part `at` (0 to 1) of the figures is below. */
export function quantile(figures, at) {
  const sorted = [...figures].sort((a, b) => a - b);
  const place = (sorted.length - 1) * at;
  const [below, above] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
  return below + (above - below) * (place - Math.floor(place));
}

export const median = (figures) => quantile(figures, 0.5);

/** Returns the middle half of the figures: where it starts and ends. */
export const quartiles = (figures) => [quantile(figures, 0.25), quantile(figures, 0.75)];

/** The width of the middle half, as a part of the median. */
export function spread(figures) {
  const [low, high] = quartiles(figures);
  const middle = median(figures);
  return middle === 0 ? 0 : (high - low) / Math.abs(middle);
}

/** Rounds to three digits that count. */
export const round = (number) => Number(number.toPrecision(3));
