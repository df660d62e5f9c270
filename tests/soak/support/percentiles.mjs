/** The median, the 99th percentile and the largest of some figures, rounded. */
export function percentiles(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
  const [p50, p99, max] = [at(0.5), at(0.99), sorted.at(-1)].map((value = 0) => Math.round(value));
  return { p50, p99, max };
}
