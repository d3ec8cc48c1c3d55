const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** A whole number with thousands separators: `3,702,259,456`. */
export function count(value: number): string {
  return grouped.format(value);
}

/** A count with its noun: `1 port`, `3 ports`, `2 patches` (`plural` given). */
export function counted(value: number, noun: string, plural = `${noun}s`): string {
  return `${count(value)} ${value === 1 ? noun : plural}`;
}

/** The verb for a count of things: `1 link that leads`, `3 links that lead`. */
export const verb = (value: number, one: string, several: string): string => (value === 1 ? one : several);

/** Bytes as a size: `12 MB`, `1.4 GB`; at least `1 kB`. */
export function sizeText(bytes: number): string {
  if (bytes < 1e6) return `${Math.max(1, Math.round(bytes / 1e3))} kB`;
  return bytes < 1e9 ? `${Math.round(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}

/** The first `most` of some names, and how many there are beside them: `a, b and 3 more`. */
export function listed(names: readonly string[], most = 8): string {
  const shown = names.slice(0, most).join(', ');
  return names.length > most ? `${shown} and ${count(names.length - most)} more` : shown;
}

const bars = '▁▂▃▄▅▆▇█';

/** Heights of bars for `values`, squeezed into at most `width` cells by adding neighbours; "" when there are none. */
export function sparkline(values: readonly number[], width: number): string {
  const slots = Math.min(values.length, width);
  if (slots <= 0) return '';
  const sums = Array.from({ length: slots }, (_, slot) => {
    const from = Math.floor((slot * values.length) / slots);
    const to = Math.floor(((slot + 1) * values.length) / slots);
    return values.slice(from, to).reduce((sum, value) => sum + Math.max(0, value), 0);
  });
  const top = Math.max(...sums);
  // Nothing is not a small something: an empty slice stays blank.
  return sums.map((sum) => (sum <= 0 ? ' ' : bars.charAt(Math.min(7, Math.floor((sum / top) * 7.999))))).join('');
}

/** A bar of `width` cells, filled to `fraction` (0 to 1); an unknown fraction shows a bar of dots. */
export function progressBar(fraction: number | null, width: number): string {
  if (fraction === null) return '·'.repeat(width);
  const filled = Math.round(Math.min(1, Math.max(0, fraction)) * width);
  return '█'.repeat(filled) + '░'.repeat(width - filled);
}
