import type { Fact } from '../documents/fact.ts';
import { mapFact } from '../documents/fact.ts';
import type {
  Activity,
  Alerts,
  Backup,
  InstallationRun,
  Installations,
  KnownExploited,
  Logons,
  MissingPatch,
  Patches,
  Software,
} from '../documents/triage.ts';
import { type ExploitedCatalog, knownExploitedOf } from './known-exploited.ts';
import { lastGoodOf } from './last-good-point.ts';
import { cvesOfFix } from './remote-service-fixes.ts';

/** What several answers say together; null is "not answered yet". */
export interface Correlated {
  logons: Fact<Logons> | null;
  patches: Fact<Patches> | null;
  installations: Fact<Installations> | null;
  alerts: Fact<Alerts> | null;
  activity: Fact<Activity> | null;
  software: Fact<Software> | null;
  backup: Fact<Backup> | null;
  knownExploited: Fact<KnownExploited> | null;
}

/** What the newest run that named an update left of it; null when none did. `runs` are newest first. */
export function lastAttemptOf(patch: MissingPatch, runs: readonly InstallationRun[]): MissingPatch['lastAttempt'] {
  for (const run of runs) {
    const tried = run.patches.find((one) =>
      patch.kb === '' ? one.name === patch.name && one.version === patch.version : one.kb === patch.kb,
    );
    if (tried) return { state: tried.state, at: tried.at ?? run.endedAt };
  }
  return null;
}

/** Since when the VM waits for a reboot: the end of the newest run that asked for one and did not get it. */
export function rebootPendingSince(runs: readonly InstallationRun[]): string | null {
  const told = runs.find((run) => run.rebootStatus !== '' && !/^(notneeded|unknown)$/i.test(run.rebootStatus));
  return told && /^(required|started|failed)$/i.test(told.rebootStatus) ? told.endedAt : null;
}

function patchesWith(
  fact: Fact<Patches>,
  installations: Fact<Installations> | null,
  software: Fact<Software> | null,
): Fact<Patches> {
  if (fact.state === 'unknown') return fact;
  const runs = installations?.state === 'known' ? installations.value.runs : [];
  const found = software?.state === 'known' ? software.value.vulnerabilities : [];
  const missing = fact.value.missing.map((patch) => {
    const named = patch.kb === '' ? [] : found.filter((one) => one.kbs.includes(patch.kb)).flatMap((one) => one.cves);
    return {
      ...patch,
      cves: [...new Set([...named, ...cvesOfFix(patch.kb)])],
      lastAttempt: lastAttemptOf(patch, runs),
    };
  });
  const notSeen = [...fact.notSeen];
  if (missing.length > 0) {
    if (installations?.state === 'unknown') notSeen.push(`why they are missing: ${installations.because}`);
    if (software?.state === 'unknown') notSeen.push(`their CVEs: ${software.because}`);
    else if (software?.value.scan.state === 'not-scanned') notSeen.push(`their CVEs: ${software.value.scan.because}`);
  }
  const since = fact.value.rebootPending === true ? rebootPendingSince(runs) : null;
  return { ...fact, value: { ...fact.value, missing, rebootPendingSince: since }, notSeen: [...new Set(notSeen)] };
}

/** Known exploited vulnerabilities come before the rest, which keeps its order. */
function exploitedFirst<T extends { cves: readonly string[] }>(all: readonly T[], exploited: readonly string[]): T[] {
  const wanted = new Set(exploited);
  const rank = ({ cves }: T) => (cves.some((cve) => wanted.has(cve)) ? 0 : 1);
  return all.toSorted((a, b) => rank(a) - rank(b));
}

/**
 * Puts together what each answer alone does not show: why an update is missing and which holes it closes, which of
 * them are exploited, and which recovery point is from before the attack. Answers that have not come yet change
 * nothing.
 */
export function correlate<T extends Correlated>(raw: T, catalog: ExploitedCatalog | undefined, now: Date): T {
  const { logons, installations, alerts, activity } = raw;
  const together = raw.patches && patchesWith(raw.patches, installations, raw.software);
  const knownExploited =
    together && raw.software ? knownExploitedOf(catalog, together, raw.software, now) : raw.knownExploited;
  const exploited = knownExploited?.state === 'known' ? knownExploited.value.matches.map(({ cve }) => cve) : [];
  const patches =
    together && mapFact(together, (value) => ({ ...value, missing: exploitedFirst(value.missing, exploited) }));
  const software =
    raw.software &&
    mapFact(raw.software, (value) => ({ ...value, vulnerabilities: exploitedFirst(value.vulnerabilities, exploited) }));
  let { backup } = raw;
  if (backup?.state === 'known' && backup.value.protected && logons && alerts && activity) {
    const lastGood = lastGoodOf(backup.value.points, { logons, alerts, activity });
    backup = { ...backup, value: { ...backup.value, lastGood } };
  }
  return { ...raw, patches, software, knownExploited, backup };
}
