import type { Evidence } from '../evidence/gather.ts';
import { counted, listed } from '../text/counts.ts';

const endingsTold = 6;

/** Exports that are in no known table's form, in one line; none where there are none. */
export const tablelessLine = (paths: readonly string[]): string[] =>
  paths.length === 0
    ? []
    : [
        `not read: ${counted(paths.length, 'export')} of no table that is known (name one: NAME=FILE): ${listed(paths, 3)}`,
      ];

/** Files of other kinds, in one line by their endings; none where there are none. */
export function othersLine(others: Evidence['others']): string[] {
  const files = others.reduce((sum, one) => sum + one.files, 0);
  const endings = others.map((one) => `${one.files} ${one.ending === '' ? 'without an ending' : one.ending}`);
  if (files === 0) return [];
  return [`not read: ${counted(files, 'file')} of kinds that are no evidence here: ${listed(endings, endingsTold)}`];
}

/** The files that were found and are not read: those that are evidence or may be, one a line; the rest together. */
export function gatheredNotes({ unread, tableless, others }: Evidence): string[] {
  return [
    ...unread.map(({ path, because }) => `not read: ${path}: ${because}`),
    ...tablelessLine(tableless),
    ...othersLine(others),
  ];
}
