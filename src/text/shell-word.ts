import { printable } from './printable.ts';

/** A text as one word of a shell: POSIX shells and PowerShell read it unchanged. */
export function shellWord(text: string): string {
  const safe = printable(text, 20_000);
  return /^[\w./:+=-]+$/.test(safe) ? safe : `'${safe.replaceAll("'", '')}'`;
}
