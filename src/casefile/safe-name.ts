import { printable } from '../text/printable.ts';

/**
 * A file name part made of untrusted text: ASCII letters, digits, `.`, `_` and `-` only, at most `limit` of them, never
 * empty, never with a leading or trailing mark (no hidden file, no `..`). Different texts may give the same name.
 */
export function safeName(text: string, limit = 64): string {
  const ascii = printable(text, 512)
    .normalize('NFKD')
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/\.{2,}/g, '.')
    .replace(/-{2,}/g, '-');
  const name = ascii.replace(/^[._-]+/, '').slice(0, limit);
  return name.replace(/[._-]+$/, '') || 'unnamed';
}
