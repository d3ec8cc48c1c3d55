import { shortName } from '../arm/resource-id.ts';
import type { ActivityEntry, Burst, ExposedPort, Severity } from '../documents/triage.ts';
import { portText } from '../network/port-text.ts';
import { count, counted } from '../text/counts.ts';
import { clock, day, sameDay } from '../text/times.ts';
import type { TriageInProgress } from '../triage/in-progress.ts';
import { burstSource } from '../triage/logons/burst-source.ts';
import { compose, type Story, severityIn } from '../triage/story.ts';
import { resourceText } from '../triage/time-line.ts';

/** One line about what happened to a VM or its state now. */
export interface Headline {
  /** "COMPROMISED", "SPREADING", "STILL OPEN" */
  label: string;
  severity: Severity | 'unknown' | 'good';
  /** The same in fewer and fewer words: the first that fits is shown. */
  texts: string[];
}

/** A sentence without the SIDs of accounts whose names it has. */
export function withoutSids(what: string): string {
  return what.replace(/ \(S-1-[\d-]+\)/g, '');
}

/** An event in a few words: without its number and such SIDs. */
export function brief(what: string): string {
  return withoutSids(what.replace(/^\d{4} /, ''));
}

/** What an account did, beside its name: without the account. */
export function withoutActor(what: string): string {
  return brief(what).replace(/ by \S+$/, '');
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

function compromised(story: Story, now: Date): Headline[] {
  const [first, ...others] = story.breakIns;
  if (!first) return [];
  const { burst, success } = first;
  const who = `${success.account} from ${success.address || 'an address that was not recorded'}`;
  const how = logonWord(success.logonType);
  const when = sameDay(success.at, now);
  const failures = `${count(burst.failures)} failures`;
  const more = others.length > 0 ? `; ${count(others.length)} more logons like it` : '';
  const then = story.leftBehind.filter((one) => one.burst === burst).map(({ event }) => withoutActor(event.what));
  const whoHowWhen = [who, how, when].filter(Boolean).join(', ');
  const thens = [4, 3, 2, 1].map((few) => {
    const left = then.length - few;
    return `as ${whoHowWhen}, after ${failures}; then ${then.slice(0, few).join(', ')}${left > 0 ? ` and ${count(left)} more` : ''}${more}`;
  });
  return [
    {
      label: 'COMPROMISED',
      severity: severityIn(story, 'compromised'),
      texts: [
        ...(then.length > 0 ? thens : []),
        `as ${whoHowWhen}, after ${failures}${more}`,
        `${whoHowWhen}, ${failures}`,
        `${who}, ${when}`,
        `${success.account} from ${success.address}`,
        success.account,
      ],
    },
  ];
}

function attacked(story: Story, now: Date): Headline[] {
  const [worst] = story.attacks.map(({ burst }) => burst);
  if (!worst) return [];
  const { unsure } = story;
  const period = `${day(worst.start) === day(now) ? '' : `${day(worst.start).slice(5)} `}${clock(worst.start).slice(0, 5)}–${clock(worst.end).slice(0, 5)}Z`;
  const ended = unsure ? 'whether one succeeded is not known' : 'none succeeded';
  const failures = `${count(worst.failures)} failed logons`;
  const left = story.attacks.length - 1;
  const more = left > 0 ? `; ${counted(left, 'more burst')}` : '';
  return [
    {
      label: 'UNDER ATTACK',
      severity: severityIn(story, 'attacked'),
      texts: [
        `${failures} from ${burstSource(worst)} against ${against(worst)}, ${period}; ${ended}${more}`,
        `${failures} from ${burstSource(worst)}, ${period}; ${ended}`,
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
function spreading(story: Story, { vm }: TriageInProgress): Headline[] {
  const done = story.spreading;
  if (done.length === 0) return [];
  const told = done.map(([, entry]) => ({ ...deed(entry), at: clock(entry.at) }));
  const brief = (at: string) => `${at.slice(0, 5)}Z`;
  const [first] = told;
  const rest = told.length > 1 ? ` and ${count(told.length - 1)} more` : '';
  return [
    {
      label: 'SPREADING',
      severity: severityIn(story, 'spreading'),
      texts: [
        `${vm.name}'s identity ${told.map(({ long, at }) => `${long} (${at})`).join(', ')}`,
        told.map(({ short, at }) => `${short} ${brief(at)}`).join('; '),
        `${first?.short ?? ''} ${brief(first?.at ?? '')}${rest}`,
        `${first?.short ?? ''}${rest}`,
      ],
    },
  ];
}

/** Is a group that cordon put there the one that decides? Its name begins so. */
export const isOurs = (nsg: string) => /\/networkSecurityGroups\/cordon-[^/]*$/i.test(nsg);

function notKnown(exposure: TriageInProgress['exposure']): Headline[] {
  if (exposure?.state !== 'unknown') return [];
  return [{ label: 'OPEN?', severity: 'unknown', texts: [`not known: ${exposure.because}`, 'not known'] }];
}

const named = (ports: readonly ExposedPort[]) => [...new Set(ports.map(portText))];
const few = (names: readonly string[], most: number) =>
  names.length > most ? `${names.slice(0, most).join(' ')} and ${count(names.length - most)} more` : names.join(' ');

/** What the Internet reaches, and who opened it. */
function open(story: Story, wide: readonly ExposedPort[], now: Date): Headline {
  const attackedNow = story.exposed?.attacked === true;
  const everybody = wide.some(({ sources }) => sources.breadth === 'internet');
  const whom = everybody ? 'to everybody' : 'to a large part of the Internet';
  const ports = few(named(wide), 6);
  const entry = story.openedBy.at(-1)?.entry;
  const by = (): string[] => {
    if (!entry) return [];
    const rule = shortName(resourceText(entry.resource));
    const at = `${day(entry.at) === day(now) ? '' : `${day(entry.at).slice(5)} `}${clock(entry.at).slice(0, 5)}Z`;
    const who = entry.caller || 'somebody';
    const from = entry.address ? ` from ${entry.address}` : '';
    return [
      `${ports} ${whom}; ${rule} written ${at} by ${who}${from}`,
      `${ports} ${whom}; ${rule} written ${at} by ${who}`,
      `${ports} ${whom}; ${rule} by ${who.split('@')[0]} ${at}`,
    ];
  };
  return {
    label: attackedNow ? 'STILL OPEN' : 'OPEN',
    severity: severityIn(story, 'exposed'),
    texts: [...by(), `${ports} ${whom}`, few(named(wide), 3)],
  };
}

function closed({ value, narrow, asOf }: NonNullable<Story['exposed']>): Headline {
  const ours = narrow.some(({ decidedBy }) => decidedBy.some(({ nsg }) => isOurs(nsg)));
  const from = [...new Set(narrow.flatMap(({ sources }) => sources.prefixes))].map((one) => one.replace(/\/32$/, ''));
  const agreed = value.secondOpinion.some(({ result }) => result === 'the same');
  const opinion = agreed && value.disagreements.length === 0 ? '; Azure’s effective rules agree' : '';
  const only = narrow.length === 0 ? '' : `; only ${few(from, 3)} reaches ${few(named(narrow), 6)}`;
  return {
    label: ours ? 'LOCKED' : 'CLOSED',
    severity: 'good',
    texts: [
      `no port is open to the Internet${only}${opinion}, checked ${clock(asOf)}`,
      `no port is open to the Internet, checked ${clock(asOf)}`,
      'no port is open',
    ],
  };
}

/**
 * What happened to the VM and its state now, in at most three lines: whether a logon succeeded, as which account and
 * from where; what followed; which ports are open, and who opened them. Unknowns are reported as unknown.
 */
export function storyOf(part: TriageInProgress, now: Date): Headline[] {
  const story = compose(part);
  const { exposed, breakIns } = story;
  const happened = breakIns.length > 0 ? [...compromised(story, now), ...spreading(story, part)] : attacked(story, now);
  if (!exposed) return [...happened, ...notKnown(part.exposure)];
  return [...happened, exposed.wide.length > 0 ? open(story, exposed.wide, now) : closed(exposed)];
}
