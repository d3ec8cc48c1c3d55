import { evidenceName } from '../documents/evidence-names.ts';
import type {
  Activity,
  ActivityEntry,
  Burst,
  EvidenceName,
  ExposedPort,
  Exposure,
  LogonSuccess,
  Logons,
  MissingPatch,
  Severity,
} from '../documents/triage.ts';
import type { VerdictKind } from '../documents/verdict-kinds.ts';
import { isWide } from '../network/port-text.ts';
import { type Opening, openings } from './findings/activity.ts';
import { knownValue } from './findings/rule.ts';
import type { TriageInProgress } from './in-progress.ts';

export interface BreakIn {
  index: number;
  burst: Burst;
  success: LogonSuccess;
}

/** What happened to a VM and its state now, before it is put into words. Nothing in it follows from what is not known. */
export interface Story {
  /** The bursts that a logon followed. */
  breakIns: BreakIn[];
  /** Events of the sessions that these logons opened, each with its path in the document. */
  leftBehind: { burst: Burst; event: Burst['next'][number]; path: string }[];
  /** What the identity of the VM changed in Azure, each with its place in the activity. */
  spreading: [number, ActivityEntry][];
  /** The changes that opened what is open now. */
  openedBy: Opening[];
  /** The bursts that no logon followed, or of which that is not known; those with the most failures first. */
  attacks: { index: number; burst: Burst }[];
  /** Of one of them it is not known whether a logon followed. */
  unsure: boolean;
  /** null while it is not known. */
  exposed: { value: Exposure; asOf: string; wide: ExposedPort[]; narrow: ExposedPort[]; attacked: boolean } | null;
  /** Critical updates that are missing, by their classification. */
  unpatched: MissingPatch[];
  /** Evidence that the verdict needs and that is unknown or not answered. */
  notKnown: { name: string; because: string }[];
}

/** The bursts that a logon followed, with that logon. */
export function successes(logons: Logons | null): BreakIn[] {
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

/** Events after the logons. Special privileges (4672) come with every administrator's logon. */
function leftBehindBy(breakIns: readonly BreakIn[]): Story['leftBehind'] {
  return breakIns
    .flatMap(({ index, burst }) =>
      [...burst.next.entries()].map(([at, event]) => ({ burst, event, path: `logons.bursts[${index}].next[${at}]` })),
    )
    .filter(({ event }) => event.eventId !== 4672);
}

function notKnownOf(part: TriageInProgress): Story['notKnown'] {
  const deciding: [EvidenceName, { state: string; because?: string } | null][] = [
    ['logons', part.logons],
    ['exposure', part.exposure],
    ['activity', part.posture.activity],
    ['patches', part.patches],
  ];
  return deciding.flatMap(([name, fact]) => {
    // Of files nothing else is asked.
    if (fact === null) return part.vm.id === '' ? [] : [{ name: evidenceName(name), because: 'not answered' }];
    return fact.state === 'unknown' ? [{ name: evidenceName(name), because: fact.because ?? '' }] : [];
  });
}

/** The one composition behind the lines on screen and the verdict of the notes. */
export function compose(part: TriageInProgress): Story {
  const logons = knownValue(part.logons);
  const activity = knownValue(part.posture.activity);
  const { exposure } = part;
  const breakIns = successes(logons);
  const attacks = [...(logons?.bursts ?? []).entries()]
    .filter(([, { success }]) => success.state === 'unknown' || success.value === null)
    .map(([index, burst]) => ({ index, burst }))
    .sort((one, other) => other.burst.failures - one.burst.failures);
  return {
    breakIns,
    leftBehind: leftBehindBy(breakIns),
    spreading: identityChanges(activity, logons),
    openedBy: openings({ activity, exposure }),
    attacks,
    unsure: attacks.some(({ burst }) => burst.success.state === 'unknown'),
    exposed:
      exposure?.state === 'known'
        ? {
            value: exposure.value,
            asOf: exposure.asOf,
            wide: exposure.value.ports.filter(isWide),
            narrow: exposure.value.ports.filter((port) => !isWide(port)),
            attacked: breakIns.length > 0 || attacks.length > 0,
          }
        : null,
    unpatched: (knownValue(part.patches)?.missing ?? []).filter(({ classification }) =>
      /critical/i.test(classification),
    ),
    notKnown: notKnownOf(part),
  };
}

/** How bad each statement of a story is, on screen as in the notes. */
export function severityIn(story: Story, kind: VerdictKind): Severity {
  switch (kind) {
    case 'compromised':
    case 'left behind':
      return 'critical';
    case 'spreading':
      return story.breakIns.length > 0 ? 'critical' : 'high';
    case 'attacked':
      return story.unsure ? 'high' : 'medium';
    case 'exposed':
      if (!story.exposed || story.exposed.wide.length === 0) return 'info';
      return story.exposed.attacked ? 'critical' : 'high';
    case 'opened by':
    case 'unpatched':
    case 'not known':
      return 'high';
  }
}
