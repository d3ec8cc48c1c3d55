import type { TimeLine, TimeLineEntry } from '../documents/triage.ts';
import { hasWords } from '../text/fuzzy.ts';
import type { Layer, SessionState } from './state.ts';

type Shown = Extract<Layer, { kind: 'time-line' }>;

const none: TimeLine = { entries: [], unknown: [] };

/** The time line of a VM as far as its facts have arrived. */
export function timeLineIn(state: SessionState, vmId: string): TimeLine {
  return state.triages.get(vmId)?.part.timeLine ?? none;
}

/** The entries that contain the search, in any part, without regard to case. */
export function foundMoments(state: SessionState, { vmId, search }: Pick<Shown, 'vmId' | 'search'>): TimeLineEntry[] {
  const { entries } = timeLineIn(state, vmId);
  if (search.trim() === '') return entries;
  return entries.filter((entry) =>
    hasWords(
      `${entry.at} ${entry.source} ${entry.severity} ${entry.text} ${entry.who} ${entry.from} ${entry.attack.join(' ')}`,
      search,
    ),
  );
}

/** Where the cursor is: it stays on its entry while others arrive, and on the latest until it was moved. */
export function momentAt(found: readonly TimeLineEntry[], selected: string | null): number {
  const at = selected === null ? -1 : found.findIndex(({ id }) => id === selected);
  return at === -1 ? found.length - 1 : at;
}
