import type { TriageDocument, VirtualMachine } from '../documents/triage.ts';
import { concluded } from '../triage/in-progress.ts';
import type { ExploitedCatalog } from '../triage/known-exploited.ts';
import type { Thresholds } from '../triage/logons/bursts.ts';
import { besideLive } from '../triage/logons/collected-beside-live.ts';
import { openedLogs } from './opened-logs.ts';

/**
 * A triage with the logons of exported event logs beside those of Log Analytics. A log that does not fit the VM, by its
 * computer or its period, does not count, and the document says so. Throws a Failure that names a file that cannot be
 * read.
 */
export async function withEvidence(
  document: TriageDocument,
  vm: VirtualMachine,
  paths: readonly string[],
  options: { thresholds: Partial<Thresholds>; exploited?: ExploitedCatalog; now: Date },
): Promise<{ document: TriageDocument; leftOut: string[] }> {
  const logs = openedLogs({ thresholds: options.thresholds, now: () => options.now });
  const opened = [];
  for (const path of paths) {
    opened.push(await logs.openPaths([path], vm, () => {}, new AbortController().signal));
  }
  const fitting = opened.filter(({ doubt }) => doubt === '');
  const leftOut = opened.filter(({ doubt }) => doubt !== '').map(({ name, doubt }) => `${name} (${doubt})`);
  const { schema: _, asOf: __, ...facts } = document;
  const logons = besideLive(fitting, facts.logons) ?? facts.logons;
  const told = leftOut.map((name) => `not counted, because it does not fit ${vm.name}: ${name}`);
  const counted =
    logons.state === 'known'
      ? { ...logons, notSeen: [...logons.notSeen, ...told] }
      : { ...logons, because: [logons.because, ...told].join('; ') };
  const part = concluded({ ...facts, logons: counted }, options.exploited, options.now);
  return {
    document: {
      ...document,
      logons: counted,
      posture: { ...document.posture, backup: part.posture.backup ?? document.posture.backup },
      timeLine: part.timeLine,
      findings: part.findings,
    },
    leftOut,
  };
}
