import type { Fact, Known } from '../../documents/fact.ts';
import { known } from '../../documents/fact.ts';
import type { Burst, Logons } from '../../documents/triage.ts';
import { counted } from '../../text/counts.ts';

/** What an exported log says of logons, and what it is called: "Security.evtx", "fs.evtx, a log of fs01". */
export interface CollectedLogons {
  name: string;
  logons: Fact<Logons>;
}

const succeeded = ({ success }: Burst) => (success.state === 'known' && success.value !== null ? 1 : 0);

/** Worst first: a success first of all, then by failures. */
function worse(a: Burst, b: Burst): number {
  return succeeded(b) - succeeded(a) || b.failures - a.failures || a.start.localeCompare(b.start);
}

const told = ({ value, coverage }: Known<Logons>, name: string) =>
  `${name} (${coverage}): ${counted(value.failures, 'failure')}, ${counted(value.bursts.length, 'burst')}`;

/** One source's bursts, each with the name of where it was read. */
const burstsOf = ({ value }: Known<Logons>, name: string) =>
  value.bursts.map((burst) => ({ ...burst, readFrom: burst.readFrom ?? name }));

/** The same of all, or null where they differ or one does not know. */
function agreed(answers: readonly (boolean | null)[]): boolean | null {
  const [first = null] = answers;
  return answers.every((one) => one === first) ? first : null;
}

/**
 * The logons that Log Analytics reports and those of exported logs, side by side: what is opened adds, and hides
 * nothing. Each burst names its source. `asOf` is the age of the oldest of them, and a log is as old as its last event.
 * `live` is null while it is not answered.
 */
export function besideLive(opened: readonly CollectedLogons[], live: Fact<Logons> | null): Fact<Logons> | null {
  if (opened.length === 0) return live;
  const named = [
    ...(live === null ? [] : [{ name: 'Log Analytics', logons: live }]),
    ...opened.map(({ name, logons }) => ({ name: `event log ${name}`, logons })),
  ];
  const answered = named.flatMap(({ name, logons }) => (logons.state === 'known' ? [{ name, fact: logons }] : []));
  const gaps = named.flatMap(({ name, logons }) =>
    logons.state === 'unknown' ? [`${name}: not known, ${logons.because}`] : [],
  );
  if (live === null) gaps.push('Log Analytics has not answered yet');
  const [first] = answered;
  if (!first) {
    const unknown = live?.state === 'unknown' ? live : opened[0]?.logons;
    return unknown?.state === 'unknown' ? { ...unknown, because: [...new Set(gaps)].join('; ') } : live;
  }
  const failing = answered.filter(({ fact }) => fact.value.failures > 0);
  if (failing.length > 1) gaps.push('which failures stand in several of these sources: they count in each');
  const facts = answered.map(({ fact }) => fact);
  const several = named.length > 1;
  return known(
    {
      failures: facts.reduce((sum, { value }) => sum + value.failures, 0),
      bursts: answered.flatMap(({ name, fact }) => burstsOf(fact, name)).sort(worse),
      // Only Log Analytics reports what arrives now; a log file ends.
      lastEventAt: first.fact.value.lastEventAt,
      successesCollected: agreed(facts.map(({ value }) => value.successesCollected)),
      thresholds: first.fact.value.thresholds,
    },
    {
      source: facts.map(({ source }) => source).join('; '),
      asOf: facts.map(({ asOf }) => asOf).reduce((a, b) => (Date.parse(b) < Date.parse(a) ? b : a)),
      coverage: several ? answered.map(({ name, fact }) => told(fact, name)).join('; ') : first.fact.coverage,
      notSeen: [...new Set([...gaps, ...facts.flatMap(({ notSeen }) => notSeen)])],
    },
  );
}
