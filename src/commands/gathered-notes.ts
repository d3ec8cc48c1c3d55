import type { Evidence, FoundArtifacts } from '../evidence/gather.ts';
import { counted, listed, sizeText } from '../text/counts.ts';

const endingsTold = 6;

/** Exports that are in no known table's form, in one line; none where there are none. */
export const tablelessLine = (paths: readonly string[]): string[] =>
  paths.length === 0
    ? []
    : [
        `not read: ${counted(paths.length, 'export')} of no table that is known (name one: NAME=FILE): ${listed(paths, 3)}`,
      ];

/** Evidence that other programs read, in one line a kind: "not read: 3 registry hives, 12.4 MiB: read them with …". */
export const artifactLines = (artifacts: readonly Omit<FoundArtifacts, 'paths'>[]): string[] =>
  artifacts.map(({ what, files, bytes, cure }) => {
    // "virtual disk (VHD)", "$MFT": the plural is of the words before what explains them.
    const [, noun = what, rest = ''] = /^(.*?)( \(.*\)| of .*)?$/.exec(what) ?? [];
    return `not read: ${counted(files, noun)}${rest}, ${sizeText(bytes)}: ${cure}`;
  });

/** Files of other kinds, in one line by their endings; none where there are none. */
export function othersLine(others: Evidence['others']): string[] {
  const files = others.reduce((sum, one) => sum + one.files, 0);
  const endings = others.map((one) => `${one.files} ${one.ending === '' ? 'without an ending' : one.ending}`);
  if (files === 0) return [];
  return [`not read: ${counted(files, 'file')} of kinds that are no evidence here: ${listed(endings, endingsTold)}`];
}

/** The kinds of files that were found where folders or archives were named: "found 3 event logs, Syslog (2 files)". */
function foundLine(files: Evidence['files']): string[] {
  if (!files.some(({ found }) => found)) return [];
  const events = files.filter(({ format }) => format === 'evtx').length;
  const exported = files.filter(({ format }) => format === 'events').length;
  const tables = Map.groupBy(
    files.filter(({ format }) => format !== 'evtx' && format !== 'events'),
    ({ table }) => table ?? '',
  );
  const kinds = [
    ...(events > 0 ? [counted(events, 'event log')] : []),
    ...(exported > 0 ? [counted(exported, 'export of events', 'exports of events')] : []),
    ...[...tables].map(([table, own]) => `${table} (${counted(own.length, 'file')})`),
  ];
  return [`found ${listed(kinds, 12)}`];
}

/** The files that were found and are not read: those that are evidence or may be, one a line; the rest together. */
export function gatheredNotes({ files, unread, tableless, artifacts, others }: Evidence): string[] {
  return [
    ...foundLine(files),
    ...unread.map(({ path, because }) => `not read: ${path}: ${because}`),
    ...tablelessLine(tableless),
    ...artifactLines(artifacts),
    ...othersLine(others),
  ];
}
