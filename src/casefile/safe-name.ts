import { printable } from '../text/printable.ts';

/** Names that Windows takes for devices, with any ending: https://learn.microsoft.com/windows/win32/fileio/naming-a-file */
const device = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i;

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
  const told = name.replace(/[._-]+$/, '') || 'unnamed';
  return device.test(told) ? told.replace(/^[^.]*/, '$&_').slice(0, limit) : told;
}
