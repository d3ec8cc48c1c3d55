import { shortName } from '../arm/resource-id.ts';
import type { ActivityEntry, Burst, LogonSuccess, Severity } from '../documents/triage.ts';
import { isWide, portText } from '../network/port-text.ts';
import { count } from '../text/counts.ts';
import { clock, day, sameDay } from '../text/times.ts';
import { openings } from '../triage/findings/activity.ts';
import { knownValue } from '../triage/findings/rule.ts';
import type { TriageInProgress } from '../triage/in-progress.ts';
import { resourceText } from '../triage/time-line.ts';
import { identityChanges, successes } from '../triage/verdict.ts';

/** One line about what happened to a VM or its state now. */
export interface Headline {
  /** "COMPROMISED", "SPREADING", "STILL OPEN" */
  label: string;
  severity: Severity | 'unknown' | 'good';
  /** The same in fewer and fewer words: the first that fits is shown. */
  texts: string[];
}

/** Short names of logon types; the others are given by their number. */
const logonTypes: Record<number, string> = {
  2: 'console',
  3: 'network',
  4: 'batch',
  5: 'service',
  7: 'unlock',
  8: 'network, clear text',
  9: 'new credentials',
  10: 'RDP',
  11: 'cached',
};

/** "RDP", "network"; "" where the log does not report the type. */
function logonWord(type: number | null): string {
  return type === null ? '' : (logonTypes[type] ?? `type ${type}`);
}

/** "svc-backup", "40 accounts" */
function against(burst: Burst): string {
  const accounts = burst.distinctAccounts ?? burst.accounts.length;
  return accounts === 1 ? (burst.accounts[0]?.name ?? '?') : `${count(accounts)} accounts`;
}

/** "203.0.113.77", "15 addresses" */
function source(burst: Burst): string {
  const sources = burst.distinctSources ?? burst.sources.length;
  if (sources === 0) return 'an address that was not recorded';
  return sources === 1 ? (burst.sources[0]?.address ?? '?') : `${count(sources)} addresses`;
}

/** What followed the logon according to the log, without the account: it is the one that logged on. */
function followed(burst: Burst): string[] {
  // Special privileges (4672) come with every administrator's logon.
  return burst.next.filter(({ eventId }) => eventId !== 4672).map(({ what }) => what.replace(/ by \S+$/, ''));
}

function compromised(burst: Burst, success: LogonSuccess, others: number, now: Date): Headline {
  const who = `${success.account} from ${success.address || 'an address that was not recorded'}`;
  const how = logonWord(success.logonType);
  const when = sameDay(success.at, now);
  const failures = `${count(burst.failures)} failures`;
  const more = others > 0 ? `; ${count(others)} more logons like it` : '';
  const then = followed(burst);
  const whoHowWhen = [who, how, when].filter(Boolean).join(', ');
  const thens = [4, 3, 2, 1].map((few) => {
    const left = then.length - few;
    return `as ${whoHowWhen}, after ${failures}; then ${then.slice(0, few).join(', ')}${left > 0 ? ` and ${left} more` : ''}${more}`;
  });
  return {
    label: 'COMPROMISED',
    severity: 'critical',
    texts: [
      ...(then.length > 0 ? thens : []),
      `as ${whoHowWhen}, after ${failures}${more}`,
      `${whoHowWhen}, ${failures}`,
      `${who}, ${when}`,
      `${success.account} from ${success.address}`,
      success.account,
    ],
  };
}

function attacked(part: TriageInProgress, now: Date): Headline[] {
  const bursts = knownValue(part.logons)?.bursts ?? [];
  const [worst] = [...bursts].sort((one, other) => other.failures - one.failures);
  if (!worst) return [];
  const unsure = bursts.some(({ success }) => success.state === 'unknown');
  const period = `${day(worst.start) === day(now) ? '' : `${day(worst.start).slice(5)} `}${clock(worst.start).slice(0, 5)}–${clock(worst.end).slice(0, 5)}Z`;
  const ended = unsure ? 'whether one succeeded is not known' : 'none succeeded';
  const failures = `${count(worst.failures)} failed logons`;
  const more = bursts.length > 1 ? `; ${bursts.length - 1} more bursts` : '';
  return [
    {
      label: 'UNDER ATTACK',
      severity: unsure ? 'high' : 'medium',
      texts: [
        `${failures} from ${source(worst)} against ${against(worst)}, ${period}; ${ended}${more}`,
        `${failures} from ${source(worst)}, ${period}; ${ended}`,
        `${failures}, ${period}; ${unsure ? 'success ?' : 'none in'}`,
        failures,
      ],
    },
  ];
}

/** What the identity did: "ran a command on web02", and the same as a thing: "command on web02". */
function deed({ operation, what, resource }: ActivityEntry): { long: string; short: string } {
  const name = resourceText(resource);
  if (/\/runcommands?\/(action|write)$/i.test(operation))
    return { long: `ran a command on ${name}`, short: `command on ${name}` };
  if (/\/begingetaccess\/action$/i.test(operation))
    return { long: `made a download link for ${name}`, short: `download link for ${name}` };
  return { long: `${what}: ${name}`, short: `${what}: ${name}` };
}

/** What the VM's own identity did in Azure after the compromise. */
function spreading(part: TriageInProgress): Headline[] {
  const done = identityChanges(knownValue(part.posture.activity), knownValue(part.logons));
  if (done.length === 0) return [];
  const told = done.map(([, entry]) => ({ ...deed(entry), at: clock(entry.at) }));
  const brief = (at: string) => `${at.slice(0, 5)}Z`;
  const [first] = told;
  const rest = told.length > 1 ? ` and ${told.length - 1} more` : '';
  return [
    {
      label: 'SPREADING',
      severity: 'critical',
      texts: [
        `${part.vm.name}'s identity ${told.map(({ long, at }) => `${long} (${at})`).join(', ')}`,
        told.map(({ short, at }) => `${short} ${brief(at)}`).join('; '),
        `${first?.short ?? ''} ${brief(first?.at ?? '')}${rest}`,
        `${first?.short ?? ''}${rest}`,
      ],
    },
  ];
}

/** Is a group that cordon put there the one that decides? Its name begins so. */
export const isOurs = (nsg: string) => /\/networkSecurityGroups\/cordon-[^/]*$/i.test(nsg);

function door(part: TriageInProgress, attackedNow: boolean, now: Date): Headline[] {
  const { exposure } = part;
  if (!exposure) return [];
  if (exposure.state === 'unknown') {
    return [{ label: 'OPEN?', severity: 'unknown', texts: [`not known: ${exposure.because}`, 'not known'] }];
  }
  const wide = exposure.value.ports.filter(isWide);
  const narrow = exposure.value.ports.filter((port) => !isWide(port));
  const named = (ports: typeof wide) => [...new Set(ports.map(portText))];
  const few = (names: string[], most: number) =>
    names.length > most ? `${names.slice(0, most).join(' ')} and ${names.length - most} more` : names.join(' ');
  if (wide.length > 0) {
    const everybody = wide.some(({ sources }) => sources.breadth === 'internet');
    const whom = everybody ? 'to everybody' : 'to a large part of the Internet';
    const ports = few(named(wide), 6);
    const [opening] = openings({ activity: knownValue(part.posture.activity), exposure }).slice(-1);
    const rule = opening ? shortName(resourceText(opening.entry.resource)) : '';
    const when = opening ? `${day(opening.entry.at) === day(now) ? '' : `${day(opening.entry.at).slice(5)} `}` : '';
    const at = opening ? `${when}${clock(opening.entry.at).slice(0, 5)}Z` : '';
    const who = opening?.entry.caller || 'somebody';
    const from = opening?.entry.address ? ` from ${opening.entry.address}` : '';
    return [
      {
        label: attackedNow ? 'STILL OPEN' : 'OPEN',
        severity: attackedNow ? 'critical' : 'high',
        texts: [
          ...(opening
            ? [
                `${ports} ${whom}; ${rule} written ${at} by ${who}${from}`,
                `${ports} ${whom}; ${rule} written ${at} by ${who}`,
                `${ports} ${whom}; ${rule} by ${who.split('@')[0]} ${at}`,
              ]
            : []),
          `${ports} ${whom}`,
          few(named(wide), 3),
        ],
      },
    ];
  }
  const ours = narrow.some(({ decidedBy }) => decidedBy.some(({ nsg }) => isOurs(nsg)));
  const from = [...new Set(narrow.flatMap(({ sources }) => sources.prefixes))].map((one) => one.replace(/\/32$/, ''));
  const agreed = exposure.value.secondOpinion.some(({ result }) => result === 'the same');
  const opinion = agreed && exposure.value.disagreements.length === 0 ? '; Azure’s effective rules agree' : '';
  const only = narrow.length === 0 ? '' : `; only ${few(from, 3)} reaches ${few(named(narrow), 6)}`;
  return [
    {
      label: ours ? 'LOCKED' : 'CLOSED',
      severity: 'good',
      texts: [
        `no port is open to the Internet${only}${opinion}, checked ${clock(exposure.asOf)}`,
        `no port is open to the Internet, checked ${clock(exposure.asOf)}`,
        'no port is open',
      ],
    },
  ];
}

/**
 * What happened to the VM and its state now, in at most three lines: whether a logon succeeded, as which account and
 * from where; what followed; which ports are open, and who opened them. Unknowns are reported as unknown.
 */
export function storyOf(part: TriageInProgress, now: Date): Headline[] {
  const logons = knownValue(part.logons);
  const [broken, ...others] = successes(logons);
  if (broken) {
    return [
      compromised(broken.burst, broken.success, others.length, now),
      ...spreading(part),
      ...door(part, true, now),
    ];
  }
  return [...attacked(part, now), ...door(part, (logons?.bursts.length ?? 0) > 0, now)];
}
