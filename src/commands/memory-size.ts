import { Failure } from '../failure.ts';
import { printable } from '../text/printable.ts';

const UNITS: Record<string, number> = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 };
/** The parser of queries takes a good part of this. */
const LEAST = 256 * 2 ** 20;

/** Bytes from `2G`, `512M`, `1.5GB`. Throws a Failure for other texts, and for less than a query can run in. */
export function memorySize(given: string): number {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)\s*([kmg]?)(?:i?b)?$/i.exec(given.trim()) ?? [];
  const bytes = Number(amount) * (UNITS[(unit ?? '').toLowerCase()] ?? Number.NaN);
  if (!(bytes >= LEAST))
    throw new Failure(`--memory takes a size such as 2G or 512M, of at least 256M, not "${printable(given, 60)}"`);
  return Math.floor(bytes);
}
