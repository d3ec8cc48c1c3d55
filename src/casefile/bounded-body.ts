import type { Json } from './redaction.ts';

/** Longest string and most items of a list, tried one after another. */
const steps: readonly (readonly [number, number])[] = [
  [4096, 64],
  [1024, 32],
  [256, 8],
  [96, 2],
  [48, 0],
];

/**
 * A body that is too large for its line, cut down until it has at most `limit` bytes as JSON: strings first, then
 * lists, so that its shape stays; as a last resort only its short top-level values. The whole is kept as evidence.
 */
export function shortened(body: Record<string, Json>, limit: number): Record<string, Json> {
  for (const [text, items] of steps) {
    const shorter = Object.fromEntries(Object.entries(body).map(([name, value]) => [name, cut(value, text, items)]));
    if (Buffer.byteLength(JSON.stringify(shorter)) <= limit) return shorter;
  }
  const kept: [string, Json][] = [];
  for (const [name, value] of Object.entries(body).slice(0, 32)) {
    if (name.length <= 64 && (value === null || typeof value !== 'object')) kept.push([name, cut(value, 256, 0)]);
  }
  return Object.fromEntries(kept);
}

function cut(value: Json, text: number, items: number): Json {
  if (typeof value === 'string') return value.length > text ? `${value.slice(0, text - 1)}…`.toWellFormed() : value;
  if (Array.isArray(value)) return value.slice(0, items).map((item) => cut(item, text, items));
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, cut(item, text, items)]));
  }
  return value;
}
