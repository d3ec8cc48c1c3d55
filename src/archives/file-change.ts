import type { Stats } from 'node:fs';

/** Says how a file changed while it was read; "" when it did not. `after` is null where it is not there any more. */
export function changeBetween(before: Stats, after: Stats | null): string {
  if (after === null || (after.nlink === 0 && before.nlink > 0)) return 'the file was deleted while it was read';
  const same = after.size === before.size && after.mtimeMs === before.mtimeMs && after.ino === before.ino;
  return same ? '' : 'the file changed while it was read';
}
