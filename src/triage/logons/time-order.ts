import type { FailureColumns } from './events.ts';

/**
 * The rows of `columns` by time, and by record number where times are equal; null when they already are so. A natural
 * merge sort: logs are nearly sorted, and several files are a few runs, so this is near to one pass.
 */
export function timeOrder(columns: FailureColumns): Uint32Array | null {
  const { length, time, recordId } = columns;
  const before = (a: number, b: number): boolean => {
    const ta = time[a] ?? 0;
    const tb = time[b] ?? 0;
    return ta < tb || (ta === tb && (recordId[a] ?? 0) < (recordId[b] ?? 0));
  };
  let runs: number[] = [0];
  for (let i = 1; i < length; i++) if (before(i, i - 1)) runs.push(i);
  if (runs.length === 1) return null;

  let from = new Uint32Array(length);
  let to = new Uint32Array(length);
  for (let i = 0; i < length; i++) from[i] = i;
  while (runs.length > 1) {
    const merged: number[] = [];
    for (let r = 0; r < runs.length; r += 2) {
      const start = runs[r] ?? 0;
      const middle = runs[r + 1] ?? length;
      const end = runs[r + 2] ?? length;
      merged.push(start);
      let left = start;
      let right = middle;
      for (let out = start; out < end; out++) {
        const takeRight = right < end && (left >= middle || before(from[right] ?? 0, from[left] ?? 0));
        to[out] = from[takeRight ? right++ : left++] ?? 0;
      }
    }
    runs = merged;
    [from, to] = [to, from];
  }
  return from;
}
