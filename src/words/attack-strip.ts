import type { IncidentInProgress, Lead } from '../documents/incident.ts';
import { severityOrder } from '../documents/severity.ts';
import type { Severity, TimeLineEntry } from '../documents/triage.ts';
import { cut, wrap } from '../text/cells.ts';
import { clock, day } from '../text/times.ts';
import type { TriageInProgress } from '../triage/in-progress.ts';
import { knownLeads } from './incident.ts';
import { brief } from './story.ts';

/** One step of an attack in a few words, with its instant (ISO 8601 UTC). */
interface AttackStep {
  at: string;
  text: string;
  severity: Severity;
  /** Is it the logon that succeeded? */
  wayIn: boolean;
  /** Does it lead to another VM or to data? Both stay where there is room for few. */
  telling: boolean;
}

/** Cells of the longest step. */
const longest = 34;

const eventWords: readonly [RegExp, (...found: string[]) => string][] = [
  [/^account (\S+) created/, (name) => `account ${name}`],
  [/^(\S+) added to (\S+)/, (name, group) => `${name} in ${group}`],
  [/^scheduled task (?:\S*\\)?(\S+) created/, (name) => `task ${name}`],
  [/^service (\S+) installed/, (name) => `service ${name}`],
];

function inFewWords({ text, source, evidence, who, until }: TimeLineEntry): string {
  if (evidence.endsWith('.success')) return `logon ${who}`;
  if (source === 'logons' && until !== null) return text.split(':')[0] ?? text;
  if (source === 'logons') {
    const what = brief(text);
    for (const [pattern, words] of eventWords) {
      const found = pattern.exec(what);
      if (found) return words(...found.slice(1));
    }
    return what;
  }
  const [what = '', on = ''] = text.split(/: | \(/);
  const refused = text.endsWith('REFUSED OR FAILED') ? ' refused' : '';
  const resource = on.replace(' REFUSED OR FAILED', '');
  if (what.startsWith('command run')) return `command on ${resource}`;
  if (what.startsWith('link to download')) return `disk link ${resource}`;
  return `${what} ${resource}${refused}`;
}

/** The entries of a VM's time line that are of the attack: neither alerts about it nor backups, nor what comes with every logon. */
function stepsOf({ timeLine }: TriageInProgress): AttackStep[] {
  const entries = timeLine.entries.filter(
    ({ severity, source, text }) =>
      source !== 'defender' &&
      source !== 'backup' &&
      severityOrder[severity] <= severityOrder.medium &&
      !text.startsWith('4672'),
  );
  return entries.map((entry) => ({
    at: entry.at,
    text: cut(inFewWords(entry), longest),
    severity: entry.severity,
    wayIn: entry.severity === 'critical',
    telling: /^(command run|link to download)/.test(entry.text),
  }));
}

function stepOfLead(lead: Lead, from: string): AttackStep {
  const words: Partial<Record<Lead['kind'], string>> = {
    'run-command': `command on ${lead.to.name}`,
    'disk-link': `disk link ${lead.to.name}`,
    'role-assignment': `role on ${lead.to.name}`,
    identity: `change of ${lead.to.name}`,
  };
  const whence = lead.kind === 'internal-logon' ? from : lead.from || lead.who;
  const logon = `${whence} ${lead.reached ? '→' : 'tries'} ${lead.to.name}`;
  return {
    at: lead.first,
    text: cut(words[lead.kind] ?? logon, longest),
    severity: lead.severity,
    wayIn: false,
    telling: lead.reached,
  };
}

const inOrder = (steps: readonly AttackStep[]): AttackStep[] => {
  const unique = new Map(steps.map((step) => [`${step.at.slice(0, 19)} ${step.text}`, step]));
  return [...unique.values()].sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
};

/** The attack on one VM in the order of time; empty where nothing says that it succeeded. */
export function attackOn(part: TriageInProgress): AttackStep[] {
  const steps = stepsOf(part);
  return steps.some(({ severity }) => severity === 'critical') ? inOrder(steps) : [];
}

/** The same of an incident: the first VM's attack, and what led from each VM to the next and to data. */
export function attackOnAll(
  first: TriageInProgress | undefined,
  { vms }: Pick<IncidentInProgress, 'vms'>,
): AttackStep[] {
  const leads = vms.flatMap((one) => knownLeads(one).map((lead) => stepOfLead(lead, one.vm.name)));
  return inOrder([...(first ? stepsOf(first) : []), ...leads]);
}

/**
 * The steps in at most `most` rows of `width` cells. Where there is no room for all, the way in and what led further come
 * before the others, and "…" is in the place of those that are left out; no row where not even two fit.
 */
export function attackRows(steps: readonly AttackStep[], now: Date, width: number, most: number): string[] {
  const rank = ({ telling, wayIn, severity }: AttackStep) =>
    (wayIn ? -20 : telling ? -10 : 0) + severityOrder[severity];
  const kept = new Set<AttackStep>();
  const rows = () => wrap(rowOf(steps, kept, now), width, most + 1);
  for (const step of [...steps].sort((a, b) => rank(a) - rank(b) || Date.parse(b.at) - Date.parse(a.at))) {
    kept.add(step);
    if (rows().length > most) kept.delete(step);
  }
  return kept.size < Math.min(2, steps.length) || kept.size === 0 ? [] : rows();
}

function rowOf(steps: readonly AttackStep[], kept: ReadonlySet<AttackStep>, now: Date): string {
  const pieces: string[] = [];
  let before = day(now);
  let left = false;
  for (const step of steps) {
    if (!kept.has(step)) {
      left = true;
      continue;
    }
    const date = day(step.at) === before ? '' : `${day(step.at).slice(5)} `;
    before = day(step.at);
    pieces.push(`${left ? '… ' : ''}${date}${clock(step.at).slice(0, 5)}Z ${step.text}`);
    left = false;
  }
  return `${pieces.join(' ▸ ')}${left ? ' …' : ''}`;
}
