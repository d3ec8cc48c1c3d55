import { burstKinds } from '../documents/burst-kinds.ts';
import type { VerdictLine } from '../documents/conclusion.ts';
import type { ExposedPort } from '../documents/triage.ts';
import { portText, portTexts } from '../network/port-text.ts';
import { count, listed } from '../text/counts.ts';
import { printable } from '../text/printable.ts';
import { moment } from '../text/times.ts';
import type { TriageInProgress } from './in-progress.ts';
import { burstSource } from './logons/burst-source.ts';
import { logonTypeWords } from './logons/event-words.ts';
import { compose, type Story, severityIn } from './story.ts';
import { resourceText } from './time-line.ts';

/** A statement but for its severity, which the story has. */
type Statement = Omit<VerdictLine, 'severity'>;

/** "; and 3 more" where a list is cut. */
const rest = (all: readonly unknown[], shown: number, of = '') =>
  all.length > shown ? `; and ${count(all.length - shown)} more${of}` : '';

function compromised({ breakIns }: Story): Statement[] {
  return breakIns.slice(0, 5).map(({ index, burst, success }, at) => {
    const how = success.logonType === null ? '' : ` (${logonTypeWords(String(success.logonType))})`;
    const more = at === 4 ? rest(breakIns, 5, ' logons like it') : '';
    return {
      about: 'compromised',
      text: printable(
        `${success.account} logged on from ${success.address || 'an address that was not recorded'} at ${moment(success.at)}${how}, after ${count(burst.failures)} failed logons since ${moment(burst.start)}${more}`,
        400,
      ),
      attack: [burstKinds[burst.kind].technique, 'T1078'],
      evidence: [`logons.bursts[${index}].success`],
    };
  });
}

/** Events of the session that a logon opened, as the log names them. */
function leftBehind({ leftBehind: done }: Story): Statement[] {
  if (done.length === 0) return [];
  const texts = done.slice(0, 8).map(({ event }) => `${event.what} ${event.at.slice(11, 19)}Z`);
  return [
    {
      about: 'left behind',
      text: printable(`${texts.join('; ')}${rest(done, 8)}`, 900),
      attack: [],
      evidence: done.map(({ path }) => path).slice(0, 8),
    },
  ];
}

function spreading({ spreading: found }: Story, { vm }: TriageInProgress): Statement[] {
  if (found.length === 0) return [];
  const texts = found
    .slice(0, 5)
    .map(([, { what, resource, at }]) => `${what}: ${resourceText(resource)} ${at.slice(11, 19)}Z`);
  return [
    {
      about: 'spreading',
      text: printable(`the managed identity of ${vm.name} acted in Azure: ${texts.join('; ')}${rest(found, 5)}`, 700),
      attack: [...new Set(['T1078.004', ...found.flatMap(([, { attack }]) => attack)])],
      evidence: found.slice(0, 5).map(([index]) => `posture.activity.entries[${index}]`),
    },
  ];
}

function openedBy({ openedBy: found }: Story): Statement[] {
  return found.slice(-3).map(({ index, entry, opened }) => ({
    about: 'opened by',
    text: printable(
      `${portTexts(opened)} by ${resourceText(entry.resource)}, written ${moment(entry.at)} by ${entry.caller || 'somebody'}${entry.address ? ` from ${entry.address}` : ''}`,
      400,
    ),
    attack: entry.attack,
    evidence: [`posture.activity.entries[${index}]`],
  }));
}

function attacked({ attacks }: Story): Statement[] {
  if (attacks.length === 0) return [];
  const texts = attacks.slice(0, 3).map(({ burst }) => {
    const accounts = burst.distinctAccounts ?? burst.accounts.length;
    const whom = accounts === 1 ? (burst.accounts[0]?.name ?? '?') : `${count(accounts)} accounts`;
    const ended = burst.success.state === 'unknown' ? 'whether one succeeded is not known' : 'none succeeded';
    const sources = burst.distinctSources ?? burst.sources.length;
    const first = burst.sources[0]?.address ?? '-';
    const from = sources > 1 && first !== '-' ? `${first} and ${count(sources - 1)} more` : burstSource(burst);
    return `${count(burst.failures)} failures from ${from} against ${whom}, ${moment(burst.start)} to ${moment(burst.end)}: ${ended}`;
  });
  return [
    {
      about: 'attacked',
      text: printable(`${texts.join('; ')}${rest(attacks, 3, ' bursts')}`, 700),
      attack: [...new Set(attacks.map(({ burst }) => burstKinds[burst.kind].technique))],
      evidence: attacks.slice(0, 3).map(({ index }) => `logons.bursts[${index}]`),
    },
  ];
}

/** "3389 RDP, 443 HTTPS and 2 more" */
function namedPorts(ports: readonly ExposedPort[]): string {
  return listed([...new Set(ports.map((port) => `${portText(port)}${port.service ? ` ${port.service}` : ''}`))], 12);
}

function exposed({ exposed: found }: Story): Statement[] {
  if (!found) return [];
  const { wide, narrow, value, asOf } = found;
  const prefixes = [...new Set(narrow.flatMap(({ sources }) => sources.prefixes))];
  const few = narrow.length === 0 ? '' : `; to ${listed(prefixes, 3)} only: ${namedPorts(narrow)}`;
  const azure = value.disagreements.length > 0 ? '; Azure’s effective rules DISAGREE' : '';
  const open = wide.length === 0 ? 'no port is open to the Internet' : `open to the Internet: ${namedPorts(wide)}`;
  return [
    {
      about: 'exposed',
      text: printable(`${open}${few}${azure} (read ${moment(asOf)})`, 500),
      attack: [],
      evidence: ['exposure.ports'],
    },
  ];
}

function unpatched({ unpatched: critical }: Story): Statement[] {
  if (critical.length === 0) return [];
  const names = critical.map(({ kb, name, lastAttempt }) => {
    const failed = lastAttempt && /^failed$/i.test(lastAttempt.state) ? ' (its installation failed)' : '';
    return `${kb === '' ? name : `KB${kb}`}${failed}`;
  });
  return [
    {
      about: 'unpatched',
      text: printable(`critical updates missing: ${listed(names, 8)}`, 400),
      attack: [],
      evidence: ['patches.missing'],
    },
  ];
}

function notKnown({ notKnown: gaps }: Story): Statement[] {
  if (gaps.length === 0) return [];
  const texts = gaps.map(({ name, because }) => `${name}: ${because}`);
  return [{ about: 'not known', text: printable(texts.join('; '), 900), attack: [], evidence: [] }];
}

/** The story as the notes state it, the worst first; nothing follows from what is not known, which has a line of its own. */
export function verdictOf(part: TriageInProgress): VerdictLine[] {
  const story = compose(part);
  const statements = [
    ...compromised(story),
    ...leftBehind(story),
    ...spreading(story, part),
    ...openedBy(story),
    ...attacked(story),
    ...exposed(story),
    ...unpatched(story),
    ...notKnown(story),
  ];
  return statements.map((one) => ({ ...one, severity: severityIn(story, one.about) }));
}
