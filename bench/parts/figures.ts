/** The middle of figures; the value below which `share` of them lie. */
export function quantile(figures: readonly number[], share: number): number {
  const sorted = [...figures].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

export const median = (figures: readonly number[]): number => quantile(figures, 0.5);

/** "12 / 15 / 22" */
export function spread(figures: readonly number[], digits = 0): string {
  return [Math.min(...figures), median(figures), Math.max(...figures)].map((one) => one.toFixed(digits)).join(' / ');
}
