import type { Indicator, Recommendation, VerdictLine } from '../documents/conclusion.ts';
import { mergedIndicators } from '../documents/merged-indicators.ts';
import { severityOrder } from '../documents/severity.ts';
import type { Finding, TimeLineEntry } from '../documents/triage.ts';
import { type VerdictKind, verdictKinds } from '../documents/verdict-kinds.ts';
import type { CaseDigest, DoneStep, Subject } from './case-digest.ts';

/** What of one VM's verdict stays when a later reading no longer sees it, and what only the last reading can say. */
const lasting = new Set<VerdictKind>(['compromised', 'left behind', 'spreading', 'opened by', 'attacked']);

export interface ToldVerdict extends VerdictLine {
  where: string[];
  /** When it was read, where a later reading no longer says it; "" otherwise. */
  readAt: string;
}

/** The verdict on one VM over all its readings: what was true once stays, with the time of its reading. */
export function verdictOver({ readings }: Subject): ToldVerdict[] {
  const last = readings.at(-1);
  if (!last) return [];
  const told = (reading: typeof last, line: VerdictLine): ToldVerdict => ({
    ...line,
    where: [...new Set(line.evidence.map(reading.where))],
    readAt: reading === last ? '' : reading.at,
  });
  const kinds = [...new Set(readings.flatMap(({ conclusion }) => conclusion.verdict.map(({ about }) => about)))];
  return verdictKinds
    .filter((about) => kinds.includes(about))
    .flatMap((about) => {
      const from = lasting.has(about)
        ? readings.findLast(({ conclusion }) => conclusion.verdict.some((line) => line.about === about))
        : last;
      return (from?.conclusion.verdict ?? [])
        .filter((line) => line.about === about)
        .map((line) => told(from ?? last, line));
    });
}

/** What the Internet reached at the first reading and reaches at the last, for what was done in between. */
export function exposureBeforeAndNow({ readings }: Subject): { before: string; now: string } | null {
  const said = (at: number) => readings.at(at)?.conclusion.verdict.find(({ about }) => about === 'exposed')?.text;
  const [before, now] = [said(0), said(-1)];
  return before !== undefined && now !== undefined && readings.length > 1 ? { before, now } : null;
}

export interface ToldTime extends TimeLineEntry {
  /** The VMs whose readings show it, the first one first. */
  vms: string[];
  where: string;
}

/** Everything that any reading put into its time line, oldest first; each thing once. */
export function timesOver(subjects: readonly Subject[]): ToldTime[] {
  const found = new Map<string, ToldTime>();
  for (const { name, readings } of subjects) {
    for (const { conclusion, where } of readings) {
      for (const entry of conclusion.timeLine) {
        // A change in Azure is one thing, whichever VM's reading shows it; the first VM's says what it was there.
        const key = entry.source === 'activity' ? entry.id : `${name} ${entry.id}`;
        const before = found.get(key);
        if (before && before.vms[0] !== name) {
          if (!before.vms.includes(name)) before.vms.push(name);
        } else found.set(key, { ...entry, vms: before?.vms ?? [name], where: where(entry.evidence) });
      }
    }
  }
  return [...found.values()].sort(
    (a, b) => Date.parse(a.at) - Date.parse(b.at) || severityOrder[a.severity] - severityOrder[b.severity],
  );
}

/** Of the time line, what belongs to an attack; at most `limit` entries, the less severe left out first. */
export function attackOf(times: readonly ToldTime[], limit: number): { entries: ToldTime[]; left: number } {
  const worth = times.filter(
    ({ severity, source }) => severity !== 'info' && source !== 'backup' && source !== 'patches',
  );
  if (worth.length <= limit) return { entries: worth, left: times.length - worth.length };
  const kept = new Set(
    [...worth].sort((a, b) => severityOrder[a.severity] - severityOrder[b.severity]).slice(0, limit),
  );
  return { entries: worth.filter((one) => kept.has(one)), left: times.length - kept.size };
}

export interface ToldFinding extends Finding {
  vm: string;
  where: string[];
  /** "open", "not found again 2026-11-23T02:26:10Z", … */
  state: 'open' | 'closed' | 'not seen again';
  /** When it was found first, and when a reading no longer found it ("" while it is open). */
  since: string;
  until: string;
  /** The step of a playbook that was carried out between the two readings, when there is one. */
  closedBy: string;
}

/**
 * Every finding that any reading made, worst first. One that the last reading does not make is closed only where that
 * reading still knew the evidence that the finding rests on; otherwise it was not seen again, which says nothing.
 */
export function findingsOver(subjects: readonly Subject[], steps: readonly DoneStep[]): ToldFinding[] {
  const all = subjects.flatMap((subject) => {
    const ids = new Map<string, ToldFinding>();
    for (const [place, { conclusion, where, knew, at }] of subject.readings.entries()) {
      for (const finding of conclusion.findings) {
        const covering = [...ids.values()].find(({ covers }) => covers?.includes(finding.id));
        const told = {
          ...finding,
          vm: subject.name,
          where: [...new Set(finding.evidence.map(where))],
          state: 'open' as const,
          since: (ids.get(finding.id) ?? covering)?.since ?? at,
          until: '',
          closedBy: '',
        };
        ids.set(finding.id, told);
        for (const id of finding.covers ?? []) ids.delete(id);
      }
      for (const [id, finding] of ids) {
        if (place === 0 || finding.state === 'closed' || conclusion.findings.some((one) => one.id === id)) continue;
        const known = finding.evidence.every(knew);
        if (finding.state === 'not seen again' && !known) continue;
        const before = subject.readings[place - 1]?.at ?? '';
        const step = steps.findLast(
          (one) => one.vm === subject.name && one.requests > 0 && one.at > before && one.at <= at,
        );
        ids.set(id, {
          ...finding,
          state: known ? 'closed' : 'not seen again',
          until: at,
          closedBy: step === undefined ? '' : `${step.playbook} ${step.step}`.trim(),
        });
      }
    }
    return [...ids.values()];
  });
  return all.sort((a, b) => severityOrder[a.severity] - severityOrder[b.severity]);
}

export interface ToldIndicator extends Indicator {
  vms: string[];
  where: string;
}

/** The indicators of every reading, each value once, with the VMs that it was seen on; worst first. */
export function indicatorsOver(subjects: readonly Subject[]): ToldIndicator[] {
  const seen = new Map<string, { vms: Set<string>; where: string }>();
  const key = ({ type, value }: Indicator) => `${type} ${value.toLowerCase()}`;
  const all = subjects.flatMap(({ name, readings }) =>
    readings.flatMap(({ conclusion, where }) =>
      conclusion.indicators.map((one) => {
        const before = seen.get(key(one));
        seen.set(key(one), { vms: (before?.vms ?? new Set()).add(name), where: where(one.evidence) });
        return one;
      }),
    ),
  );
  return mergedIndicators(all).map((one) => ({
    ...one,
    vms: [...(seen.get(key(one))?.vms ?? [])],
    where: seen.get(key(one))?.where ?? '',
  }));
}

export interface ToldRecommendation extends Recommendation {
  vm: string;
}

/**
 * What is left to do, the most urgent first: what the last reading of each VM says, and of earlier ones what a reading
 * cannot settle.
 */
export function recommendationsOver(subjects: readonly Subject[]): ToldRecommendation[] {
  return subjects
    .flatMap(({ name, readings }) => {
      const last = readings.at(-1);
      const told = readings.flatMap((reading) =>
        reading.conclusion.recommendations.filter(({ stays }) => stays || reading === last),
      );
      const once = new Map(told.map((one) => [`${one.about} ${one.text}`, { ...one, vm: name }]));
      return [...once.values()];
    })
    .sort((one, other) => severityOrder[one.severity] - severityOrder[other.severity]);
}

export interface Gap {
  vm: string;
  /** The fact's name. */
  about: string;
  text: string;
  cure: string;
  /** Is the whole fact not known, or a part of it? */
  whole: boolean;
}

/** The gaps that are left at the end: whole facts first, then what known ones could not include, then checks that could not be made. */
export function gapsOver({ subjects, steps }: CaseDigest): Gap[] {
  const gaps = subjects.flatMap(({ name, facts }) =>
    [...facts.values()].flatMap(({ last }): Gap[] =>
      last.state === 'unknown'
        ? [{ vm: name, about: last.name, text: last.because ?? 'not known', cure: last.cure ?? '', whole: true }]
        : last.notSeen.slice(0, 50).map((text) => ({ vm: name, about: last.name, text, cure: '', whole: false })),
    ),
  );
  const checks = steps
    .filter(({ verified, requests }) => requests > 0 && verified?.ok !== true && verified?.ok !== false)
    .map(({ vm, playbook, step, verified }) => ({
      vm,
      about: `${playbook} ${step}`,
      text: verified?.text ?? 'it was sent to Azure, and no check of it was recorded',
      cure: '',
      whole: true,
    }));
  return [...gaps.filter(({ whole }) => whole), ...checks, ...gaps.filter(({ whole }) => !whole)];
}
