import type { Entry, EntryKind } from '../../documents/transcript.ts';
import type { Layer, SessionState } from '../state.ts';
import type { OpenCase } from './case-keeper.ts';

/** Kinds of what was read and asked: most of a transcript. The rest was decided, done, noted or went wrong. */
const reading: ReadonlySet<EntryKind> = new Set(['fact', 'query']);

/**
 * A case's entries that contain the search, in any part, without regard to case, and of these, where that is wanted, what was
 * decided and done alone; none before the case is open.
 */
export function foundEntries(
  openCase: OpenCase | null | undefined,
  { search, decided }: { search: string; decided: boolean },
): readonly Entry[] {
  if (!openCase) return [];
  const entries = decided ? openCase.entries().filter(({ kind }) => !reading.has(kind)) : openCase.entries();
  if (search === '') return entries;
  const wanted = search.toLowerCase();
  return entries.filter((entry) =>
    `${entry.kind} ${entry.at} ${entry.actor} ${openCase.lineOf(entry).text} ${JSON.stringify(entry.body)}`
      .toLowerCase()
      .includes(wanted),
  );
}

/** The entry under the cursor of a transcript. */
export function entryInHand(state: SessionState, layer: Extract<Layer, { kind: 'transcript' }>): Entry | undefined {
  const found = foundEntries(state.cases.get(layer.vmId)?.openCase, layer);
  return found[layer.selected ?? found.length - 1];
}
