import type { Fact } from '../documents/fact.ts';
import type { ExposedPort } from '../documents/triage.ts';
import { counted } from '../text/counts.ts';
import type { TriageInProgress } from '../triage/in-progress.ts';
import { missingCounts } from '../triage/patches.ts';

/** A fact of a triage with its name and the sentence that the case file keeps about it. */
export interface NamedFact {
  /** "exposure", "posture.backup" */
  name: string;
  summary: string;
  fact: Fact<unknown>;
}

function named<T>(name: string, vm: string, fact: Fact<T> | null, tell: (value: T) => string): NamedFact[] {
  if (!fact) return [];
  const told = fact.state === 'known' ? tell(fact.value) : `not known: ${fact.because}`;
  return [
    {
      name,
      summary: `${name.replace('posture.', '').replace('secureScore', 'secure score').replace('knownExploited', 'known exploited')} of ${vm}: ${told}`,
      fact,
    },
  ];
}

/** The facts that have arrived, each with its sentence. */
export function factsOf(part: TriageInProgress): NamedFact[] {
  const vm = part.vm.name;
  const { posture } = part;
  return [
    ...named('exposure', vm, part.exposure, ({ ports, disagreements }) =>
      [
        openTo(ports),
        ...(disagreements.length > 0 ? [`Azure disagrees on ${counted(disagreements.length, 'range')}`] : []),
      ].join(', '),
    ),
    ...named('logons', vm, part.logons, ({ failures, bursts }) => {
      const succeeded = bursts.filter((burst) => burst.success.state === 'known' && burst.success.value !== null);
      return [
        counted(failures, 'failed logon'),
        counted(bursts.length, 'burst'),
        ...(succeeded.length > 0 ? [`${succeeded.length} followed by a logon`] : []),
      ].join(', ');
    }),
    ...named('patches', vm, part.patches, (patches) =>
      [
        counted(missingCounts(patches).total, 'missing patch', 'missing patches'),
        ...(patches.rebootPending ? ['reboot pending'] : []),
      ].join(', '),
    ),
    ...named('installations', vm, part.installations, ({ runs }) =>
      runs[0]
        ? `${counted(runs.length, 'run')}, the last ${runs[0].status || 'of unknown status'}`
        : 'no run in 30 days',
    ),
    ...named(
      'knownExploited',
      vm,
      part.knownExploited,
      ({ matches, catalogVersion }) =>
        `${counted(matches.length, 'vulnerability', 'vulnerabilities')} in catalogue ${catalogVersion}`,
    ),
    ...named('posture.alerts', vm, posture.alerts, ({ alerts }) => counted(alerts.length, 'alert')),
    ...named('posture.secureScore', vm, posture.secureScore, ({ percentage }) => `${Math.round(percentage)} %`),
    ...named(
      'posture.recommendations',
      vm,
      posture.recommendations,
      ({ unhealthy }) => `${counted(unhealthy.length, 'recommendation')} not followed`,
    ),
    ...named('posture.jit', vm, posture.jit, ({ policy }) => (policy === '' ? 'no policy' : `policy ${policy}`)),
    ...named('posture.identity', vm, posture.identity, ({ localAdmin }) => `local administrator ${localAdmin || '?'}`),
    ...named('posture.software', vm, posture.software, ({ items, vulnerabilities }) =>
      [counted(items.length, 'program'), counted(vulnerabilities.length, 'vulnerability', 'vulnerabilities')].join(
        ', ',
      ),
    ),
    ...named('posture.backup', vm, posture.backup, (backup) =>
      !backup.protected
        ? 'not protected'
        : backup.lastGood.state === 'known'
          ? `last point ${backup.lastPointAt ?? 'none'}, last good point ${backup.lastGood.value.point?.at ?? 'none'}`
          : `last point ${backup.lastPointAt ?? 'none'}`,
    ),
    ...named('posture.firewall', vm, posture.firewall, ({ inPath, name }) => (inPath ? `${name} in the path` : 'none')),
    ...named('posture.activity', vm, posture.activity, ({ entries }) => {
      const worth = entries.filter(({ severity }) => severity === 'high' || severity === 'critical').length;
      return [counted(entries.length, 'change'), ...(worth > 0 ? [`${worth} of weight`] : [])].join(', ');
    }),
  ];
}

/** A port that only named addresses reach is told apart from one that is open to the Internet. */
function openTo(ports: readonly ExposedPort[]): string {
  const wide = ports.filter((port) => port.sources.breadth !== 'narrow').length;
  const narrow = ports.length - wide;
  const open = wide === 0 ? 'no port open to the Internet' : `${counted(wide, 'port')} open to the Internet`;
  return narrow === 0 ? open : `${open}, ${counted(narrow, 'port')} to named addresses`;
}
