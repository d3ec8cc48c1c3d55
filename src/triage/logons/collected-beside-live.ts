import type { Fact } from '../../documents/fact.ts';
import type { Logons } from '../../documents/triage.ts';

/**
 * The logons of an opened event log, with what Log Analytics says of the same machine told beside it: one does not hide
 * the other. `live` is null while it is not answered.
 */
export function besideLive(opened: Fact<Logons>, live: Fact<Logons> | null): Fact<Logons> {
  const told =
    live === null
      ? 'Log Analytics has not answered yet'
      : live.state === 'unknown'
        ? `Log Analytics: not known, ${live.because}`
        : `${live.source} (${live.coverage}) is not part of this: ${live.value.failures} failures, ${live.value.bursts.length} bursts`;
  return opened.state === 'known'
    ? { ...opened, notSeen: [...opened.notSeen, told] }
    : { ...opened, because: `${opened.because}. ${told}` };
}
