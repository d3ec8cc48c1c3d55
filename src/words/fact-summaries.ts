import type {
  Activity,
  Alerts,
  Backup,
  ExposedPort,
  Exposure,
  Firewall,
  IdentityPosture,
  Installations,
  Jit,
  KnownExploited,
  Logons,
  Patches,
  Recommendations,
  SecureScore,
  Software,
} from '../documents/triage.ts';
import { counted } from '../text/counts.ts';
import { missingCounts } from '../triage/patches.ts';

// What the case file says of each kind of evidence, in a sentence.

/** A port that only named addresses reach is distinguished from one that is open to the Internet. */
function openTo(ports: readonly ExposedPort[]): string {
  const wide = ports.filter((port) => port.sources.breadth !== 'narrow').length;
  const narrow = ports.length - wide;
  const open = wide === 0 ? 'no port open to the Internet' : `${counted(wide, 'port')} open to the Internet`;
  return narrow === 0 ? open : `${open}, ${counted(narrow, 'port')} to named addresses`;
}

export function exposureSummary({ ports, disagreements }: Exposure): string {
  const differs = disagreements.length > 0 ? [`Azure disagrees on ${counted(disagreements.length, 'range')}`] : [];
  return [openTo(ports), ...differs].join(', ');
}

export function logonsSummary({ failures, bursts }: Logons): string {
  const succeeded = bursts.filter((burst) => burst.success.state === 'known' && burst.success.value !== null);
  return [
    counted(failures, 'failed logon'),
    counted(bursts.length, 'burst'),
    ...(succeeded.length > 0 ? [`${succeeded.length} followed by a logon`] : []),
  ].join(', ');
}

export function patchesSummary(patches: Patches): string {
  const gaps = counted(missingCounts(patches).total, 'missing patch', 'missing patches');
  return patches.rebootPending ? `${gaps}, reboot pending` : gaps;
}

export function installationsSummary({ runs }: Installations): string {
  return runs[0]
    ? `${counted(runs.length, 'run')}, the last ${runs[0].status || 'of unknown status'}`
    : 'no run in 30 days';
}

export function knownExploitedSummary({ matches, catalogVersion }: KnownExploited): string {
  return `${counted(matches.length, 'vulnerability', 'vulnerabilities')} in catalogue ${catalogVersion}`;
}

export const alertsSummary = ({ alerts }: Alerts): string => counted(alerts.length, 'alert');

export const secureScoreSummary = ({ percentage }: SecureScore): string => `${Math.round(percentage)} %`;

export const recommendationsSummary = ({ unhealthy }: Recommendations): string =>
  counted(unhealthy.length, 'unhealthy recommendation');

export const jitSummary = ({ policy }: Jit): string => (policy === '' ? 'no policy' : `policy ${policy}`);

export const identitySummary = ({ localAdmin }: IdentityPosture): string => `local administrator ${localAdmin || '?'}`;

export function softwareSummary({ items, vulnerabilities }: Software): string {
  return [counted(items.length, 'program'), counted(vulnerabilities.length, 'vulnerability', 'vulnerabilities')].join(
    ', ',
  );
}

export function backupSummary(backup: Backup): string {
  if (!backup.protected) return 'not protected';
  const last = `last point ${backup.lastPointAt ?? 'none'}`;
  return backup.lastGood.state === 'known'
    ? `${last}, last good point ${backup.lastGood.value.point?.at ?? 'none'}`
    : last;
}

export const firewallSummary = ({ inPath, name }: Firewall): string => (inPath ? `${name} in the path` : 'none');

export function activitySummary({ entries }: Activity): string {
  const severe = entries.filter(({ severity }) => severity === 'high' || severity === 'critical').length;
  const changes = counted(entries.length, 'change');
  return severe > 0 ? `${changes}, ${severe} of high severity` : changes;
}
