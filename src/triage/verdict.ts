import { burstKinds } from '../documents/burst-kinds.ts';
import type { VerdictLine } from '../documents/conclusion.ts';
import { evidenceName } from '../documents/evidence-names.ts';
import type { Activity, ActivityEntry, Burst, EvidenceName, LogonSuccess, Logons } from '../documents/triage.ts';
import { isWide, portText } from '../network/port-text.ts';
import { count } from '../text/counts.ts';
import { printable } from '../text/printable.ts';
import { moment } from '../text/times.ts';
import { openings } from './findings/activity.ts';
import { brokenInto } from './findings/logons.ts';
import { knownValue } from './findings/rule.ts';
import type { TriageInProgress } from './in-progress.ts';
import { logonTypeWords } from './logons/event-words.ts';
import { resourceText } from './time-line.ts';

/** The bursts that a logon followed, with that logon. */
export function successes(logons: Logons | null): { index: number; burst: Burst; success: LogonSuccess }[] {
  return [...(logons?.bursts ?? []).entries()].flatMap(([index, burst]) =>
    burst.success.state === 'known' && burst.success.value ? [{ index, burst, success: burst.success.value }] : [],
  );
}

/** What the identity of the VM changed in Azure and Azure did not refuse: since the first logon, where there was one. */
export function identityChanges(activity: Activity | null, logons: Logons | null): [number, ActivityEntry][] {
  const since = successes(logons)
    .map(({ success }) => success.at)
    .sort()[0];
  return [...(activity?.entries ?? []).entries()].filter(
    ([, { callerKind, severity, status, at }]) =>
      callerKind === 'identity-of-this-machine' &&
      severity !== 'info' &&
      severity !== 'low' &&
      status !== 'failed' &&
      (since === undefined || at >= since),
  );
}

function compromised(logons: Logons | null): VerdictLine[] {
  return successes(logons)
    .slice(0, 5)
    .map(({ index, burst, success }) => {
      const how = success.logonType === null ? '' : ` (${logonTypeWords(String(success.logonType))})`;
      return {
        about: 'compromised',
        severity: 'critical',
        text: printable(
          `${success.account} logged on from ${success.address} at ${moment(success.at)}${how}, after ${count(burst.failures)} failed logons since ${moment(burst.start)}`,
          400,
        ),
        attack: [burstKinds[burst.kind].technique, 'T1078'],
        evidence: [`logons.bursts[${index}].success`],
      };
    });
}

/** Events of the session that a logon opened, as the log names them. */
function leftBehind(logons: Logons | null): VerdictLine[] {
  const done = successes(logons).flatMap(({ index, burst }) =>
    [...burst.next.entries()].map(([at, event]) => ({ event, path: `logons.bursts[${index}].next[${at}]` })),
  );
  // Special privileges (4672) come with every administrator's logon.
  const told = done.filter(({ event }) => event.eventId !== 4672);
  if (told.length === 0) return [];
  const texts = told.slice(0, 8).map(({ event }) => `${event.what} ${event.at.slice(11, 19)}Z`);
  const more = told.length > 8 ? `; and ${count(told.length - 8)} more` : '';
  return [
    {
      about: 'left behind',
      severity: 'critical',
      text: printable(`${texts.join('; ')}${more}`, 900),
      attack: [],
      evidence: told.map(({ path }) => path).slice(0, 8),
    },
  ];
}

function spreading(part: TriageInProgress): VerdictLine[] {
  const activity = knownValue(part.posture.activity);
  const found = identityChanges(activity, knownValue(part.logons));
  if (found.length === 0) return [];
  const texts = found
    .slice(0, 5)
    .map(([, { what, resource, at }]) => `${what}: ${resourceText(resource)} ${at.slice(11, 19)}Z`);
  const more = found.length > 5 ? `; and ${count(found.length - 5)} more` : '';
  return [
    {
      about: 'spreading',
      severity: knownValue(part.logons) && brokenInto(knownValue(part.logons)) ? 'critical' : 'high',
      text: printable(`the managed identity of ${part.vm.name} acted in Azure: ${texts.join('; ')}${more}`, 700),
      attack: ['T1078.004', ...new Set(found.flatMap(([, { attack }]) => attack))].filter(
        (id, at, all) => all.indexOf(id) === at,
      ),
      evidence: found.slice(0, 5).map(([index]) => `posture.activity.entries[${index}]`),
    },
  ];
}

function openedBy(part: TriageInProgress): VerdictLine[] {
  const found = openings({ activity: knownValue(part.posture.activity), exposure: part.exposure });
  return found.slice(-3).map(({ index, entry, opened }) => ({
    about: 'opened by',
    severity: 'high',
    text: printable(
      `${opened.map(portText).join(', ')} by ${resourceText(entry.resource)}, written ${moment(entry.at)} by ${entry.caller || 'somebody'}${entry.address ? ` from ${entry.address}` : ''}`,
      400,
    ),
    attack: entry.attack,
    evidence: [`posture.activity.entries[${index}]`],
  }));
}

function attacked(logons: Logons | null): VerdictLine[] {
  const others = [...(logons?.bursts ?? []).entries()].filter(
    ([, { success }]) => success.state === 'unknown' || success.value === null,
  );
  if (others.length === 0) return [];
  const texts = others.slice(0, 3).map(([, burst]) => {
    const accounts = burst.distinctAccounts ?? burst.accounts.length;
    const whom = accounts === 1 ? (burst.accounts[0]?.name ?? '?') : `${count(accounts)} accounts`;
    const ended = burst.success.state === 'unknown' ? 'whether one succeeded is not known' : 'none succeeded';
    const sources = burst.distinctSources ?? burst.sources.length;
    const from = `${burst.sources[0]?.address ?? 'no recorded address'}${sources > 1 ? ` and ${count(sources - 1)} more` : ''}`;
    return `${count(burst.failures)} failures from ${from} against ${whom}, ${moment(burst.start)} to ${moment(burst.end)}: ${ended}`;
  });
  const unsure = others.some(([, { success }]) => success.state === 'unknown');
  const more = others.length > 3 ? `; and ${count(others.length - 3)} more bursts` : '';
  return [
    {
      about: 'attacked',
      severity: unsure ? 'high' : 'medium',
      text: printable(`${texts.join('; ')}${more}`, 700),
      attack: [...new Set(others.map(([, { kind }]) => burstKinds[kind].technique))],
      evidence: others.slice(0, 3).map(([index]) => `logons.bursts[${index}]`),
    },
  ];
}

function exposed({ exposure }: TriageInProgress): VerdictLine[] {
  if (exposure?.state !== 'known') return [];
  const wide = exposure.value.ports.filter(isWide);
  const narrow = exposure.value.ports.filter((port) => !isWide(port));
  const named = (ports: typeof wide) =>
    [...new Set(ports.map((port) => `${portText(port)}${port.service ? ` ${port.service}` : ''}`))]
      .slice(0, 12)
      .join(', ');
  const few =
    narrow.length === 0
      ? ''
      : `; to ${[...new Set(narrow.flatMap(({ sources }) => sources.prefixes))].slice(0, 3).join(', ')} only: ${named(narrow)}`;
  const azure = exposure.value.disagreements.length > 0 ? '; Azure’s effective rules DISAGREE' : '';
  return [
    {
      about: 'exposed',
      severity: wide.length > 0 ? 'high' : 'info',
      text: printable(
        `${wide.length === 0 ? 'no port is open to the Internet' : `open to the Internet: ${named(wide)}`}${few}${azure} (read ${moment(exposure.asOf)})`,
        500,
      ),
      attack: [],
      evidence: ['exposure.ports'],
    },
  ];
}

function unpatched({ patches }: TriageInProgress): VerdictLine[] {
  if (patches?.state !== 'known') return [];
  const critical = patches.value.missing.filter(({ classification }) => /critical/i.test(classification));
  if (critical.length === 0) return [];
  const names = critical.slice(0, 8).map(({ kb, name, lastAttempt }) => {
    const failed = lastAttempt && /^failed$/i.test(lastAttempt.state) ? ' (its installation failed)' : '';
    return `${kb === '' ? name : `KB${kb}`}${failed}`;
  });
  return [
    {
      about: 'unpatched',
      severity: 'high',
      text: printable(
        `critical updates missing: ${names.join(', ')}${critical.length > 8 ? ` and ${critical.length - 8} more` : ''}`,
        400,
      ),
      attack: [],
      evidence: ['patches.missing'],
    },
  ];
}

/** Evidence that the verdict needs and that is unknown or not answered. */
function notKnown(part: TriageInProgress): VerdictLine[] {
  const deciding: [EvidenceName, { state: string; because?: string } | null][] = [
    ['logons', part.logons],
    ['exposure', part.exposure],
    ['activity', part.posture.activity],
    ['patches', part.patches],
  ];
  const texts = deciding.flatMap(([name, fact]) =>
    fact === null
      ? // Of files nothing else is asked.
        part.vm.id === ''
        ? []
        : [`${evidenceName(name)}: not answered`]
      : fact.state === 'unknown'
        ? [`${evidenceName(name)}: ${fact.because ?? ''}`]
        : [],
  );
  if (texts.length === 0) return [];
  return [{ about: 'not known', severity: 'high', text: printable(texts.join('; '), 900), attack: [], evidence: [] }];
}

/** The verdict on this VM, the worst first; an unknown has a line of its own, and nothing follows from it. */
export function verdictOf(part: TriageInProgress): VerdictLine[] {
  const logons = knownValue(part.logons);
  return [
    ...compromised(logons),
    ...leftBehind(logons),
    ...spreading(part),
    ...openedBy(part),
    ...attacked(logons),
    ...exposed(part),
    ...unpatched(part),
    ...notKnown(part),
  ];
}
