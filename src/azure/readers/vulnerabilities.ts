import { at, instantAt, type Json, listAt, numberAt, textAt } from '../../arm/json.ts';
import type { Software } from '../../documents/triage.ts';
import { counted } from '../../text/counts.ts';
import { printable } from '../../text/printable.ts';
import { patchAge } from '../../triage/patches.ts';
import type { Connection } from '../client/connection.ts';
import { isInvalidQuery } from '../client/failure.ts';
import { withLiterals } from '../client/kql-literal.ts';
import { loadQuery } from '../client/load-query.ts';
import { queryGraph } from '../client/resource-graph.ts';

/** Agentless scans run daily; an answer older than this says what was, not what is. */
const staleDays = 7;
/** What one program's finding names of CVEs, and the text that it names them in, end somewhere. */
const mostCves = 2000;
const longestDetails = 16_777_216;

export type Vulnerability = Software['vulnerabilities'][number];

/** What scans of one VM say, by both of the ways in which Defender for Cloud has reported it. */
export interface ScanReading {
  scan: Software['scan'];
  /** The most severe first. */
  vulnerabilities: Vulnerability[];
  /** Why what was found may not be what is; "" when it may be relied on. */
  stale: string;
  coverage: string;
  notSeen: string[];
}

/** CVEs in the order given, each once, in upper case. */
function cvesIn(texts: readonly string[]): string[] {
  return [
    ...new Set(texts.flatMap((text) => text.match(/CVE-\d{4}-\d{4,19}/gi) ?? []).map((cve) => cve.toUpperCase())),
  ];
}

/** The updates that texts name, without "KB". */
export function kbsIn(texts: readonly string[]): string[] {
  return [...new Set(texts.flatMap((text) => [...text.matchAll(/\bKB\s?(\d{6,8})\b/gi)].map(([, kb = '']) => kb)))];
}

/**
 * A vulnerability finding from a sub-assessment's properties (until 2026-07-31). CVEs are in its id or in
 * `additionalData.cve`; updates only in its texts, where it names them at all.
 */
export function vulnerabilityOf(properties: unknown): Vulnerability {
  const data = at(properties, 'additionalData');
  const titles = [...listAt(data, 'cve'), ...listAt(data, 'cves')].map((cve) =>
    typeof cve === 'string' ? cve : textAt(cve, 'title') || textAt(cve, 'name'),
  );
  const references = listAt(data, 'vendorReferences').map((one) => `${textAt(one, 'title')} ${textAt(one, 'link')}`);
  const scores = at(data, 'cvss');
  const cvss = numberAt(scores, '3.1', 'base') ?? numberAt(scores, '3.0', 'base') ?? numberAt(scores, '2.0', 'base');
  const id = textAt(properties, 'id');
  const title = printable(textAt(properties, 'displayName'), 300);
  const remediation = printable(textAt(properties, 'remediation'), 2000);
  return {
    id,
    title,
    severity: textAt(properties, 'status', 'severity'),
    cves: cvesIn([id, ...titles, ...(titles.length === 0 ? [title] : [])]),
    kbs: kbsIn([title, remediation, ...references]),
    cvss: cvss ?? null,
    remediation,
    foundAt: instantAt(properties, 'timeGenerated'),
  };
}

/** The CVEs of an assessment for a program to update; undefined when Azure's text of them cannot be read. */
function detailsOf(data: unknown): unknown[] | undefined {
  const told = at(data, 'CvesDetails');
  if (typeof told !== 'string') return listAt(data, 'CvesDetails');
  if (told.trim() === '') return [];
  if (told.length > longestDetails) return undefined;
  try {
    const parsed: unknown = JSON.parse(told);
    return Array.isArray(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

const severities = ['critical', 'high', 'medium', 'low'];

/** The severity by CVSS's own scale (CVSS 3.1, section 5). */
function severityByScore(score: number): string {
  if (score >= 9) return 'Critical';
  if (score >= 7) return 'High';
  return score >= 4 ? 'Medium' : 'Low';
}

/** The score that Defender lists first; null where it lists none. */
function scoreOf(detail: unknown): number | null {
  const scores = listAt(detail, 'Cvss').map((score) => numberAt(score, 'Value', 'Base'));
  return scores.find((score) => score !== undefined && score > 0) ?? null;
}

/**
 * The worst severity reported for a program's CVEs, by word or else by score; "" where Defender reports neither.
 */
function worstSeverity(details: readonly unknown[]): string {
  const told = details.map((detail) => {
    const word = textAt(detail, 'Severity');
    if (severities.includes(word.toLowerCase())) return word;
    const score = scoreOf(detail);
    return score === null ? '' : severityByScore(score);
  });
  return told.reduce((worst, one) => {
    const rank = severities.indexOf(one.toLowerCase());
    const before = severities.indexOf(worst.toLowerCase());
    return rank >= 0 && (before < 0 || rank < before) ? one : worst;
  }, '');
}

/** What closes a program's holes, from what each of them says of its fix. */
function remedyOf(program: string, details: readonly unknown[]): string {
  const versions = [...new Set(details.map((detail) => textAt(detail, 'FixedVersion')).filter(Boolean))];
  const open = details.filter((detail) => /^(nofix|nofixavailable|willnotfix)$/i.test(textAt(detail, 'FixStatus')));
  const fixed =
    versions.length === 0
      ? ''
      : `update ${program || 'it'}: fixed in ${versions.slice(0, 5).join(', ')}${versions.length > 5 ? ` and ${versions.length - 5} more` : ''}`;
  const without = open.length === 0 ? '' : `${counted(open.length, 'CVE')} without a fix`;
  return printable([fixed, without].filter(Boolean).join('; '), 2000);
}

/**
 * A program's vulnerabilities from an assessment's properties, as Defender for Cloud reports them since 2026: one
 * assessment for each program to update (`metadata.recommendationCategory` SoftwareUpdate), its CVEs in
 * `additionalData.CvesDetails`, a JSON text. `unread` when that text is none.
 */
export function programVulnerabilities(id: string, properties: unknown): { found: Vulnerability; unread: boolean } {
  const data = at(properties, 'additionalData');
  const details = detailsOf(data);
  const read = (details ?? []).slice(0, mostCves);
  const title = printable(textAt(properties, 'displayName'), 300);
  const links = read.flatMap((detail) =>
    listAt(detail, 'References').map((one) =>
      typeof one === 'string' ? one : `${textAt(one, 'Title')} ${textAt(one, 'Link')}`,
    ),
  );
  const scores = read.map(scoreOf).filter((score) => score !== null);
  return {
    found: {
      id,
      title,
      severity: worstSeverity(read),
      cves: cvesIn(read.map((detail) => textAt(detail, 'CveId'))),
      kbs: kbsIn([title, textAt(properties, 'metadata', 'remediationDescription'), ...links]).slice(0, 100),
      cvss: scores.length === 0 ? null : Math.max(...scores),
      remediation: remedyOf(printable(textAt(data, 'SoftwareName'), 100), read),
      foundAt:
        instantAt(properties, 'status', 'firstEvaluationDate') ?? instantAt(properties, 'status', 'statusChangeDate'),
    },
    unread: details === undefined || details.length > mostCves,
  };
}

/** A severity that Defender does not report is unknown: it is sorted between high and medium. */
function severityRank(severity: string): number {
  const rank = severities.indexOf(severity.toLowerCase());
  return rank === -1 ? 1.5 : rank;
}

function byWorst(a: Vulnerability, b: Vulnerability): number {
  return (
    severityRank(a.severity) - severityRank(b.severity) ||
    (b.cvss ?? 0) - (a.cvss ?? 0) ||
    a.title.localeCompare(b.title)
  );
}

function newestOf(times: (string | null)[]): string | null {
  return (
    times
      .filter((time) => time !== null)
      .sort()
      .at(-1) ?? null
  );
}

/** Defender for Cloud's category of the recommendations that report vulnerable programs. */
export const isUpdateCategory = (category: string) => /^softwareupdate$/i.test(category);
const isUpdate = (properties: unknown) => isUpdateCategory(textAt(properties, 'metadata', 'recommendationCategory'));
const isJudged = (state: string) => /^(healthy|unhealthy)$/i.test(state);
const isOpen = (state: string) => /^unhealthy$/i.test(state);
const stateOf = (properties: unknown) => textAt(properties, 'status', 'code');

/** What the assessments for programs to update say; undefined when there is none. */
function readUpdates(rows: readonly Json[]): ScanReading | undefined {
  const judged = rows.filter(({ properties }) => isJudged(stateOf(properties)));
  if (judged.length === 0) return undefined;
  const open = judged
    .filter(({ properties }) => isOpen(stateOf(properties)))
    .map((row) => programVulnerabilities(textAt(row, 'id'), row.properties));
  const unread = open.filter((one) => one.unread).length;
  const untold = open.filter(({ found }) => found.severity === '').length;
  return {
    scan: { state: 'scanned', at: null, because: '' },
    vulnerabilities: open.map(({ found }) => found).sort(byWorst),
    stale: '',
    coverage: `${counted(judged.length, 'program')} that Defender for Cloud judged`,
    notSeen: [
      'when this VM was last scanned: Defender for Cloud no longer reports, and of a VM that is off it keeps what it found last',
      ...(unread > 0 ? [`the CVEs of ${counted(unread, 'finding')}: Azure’s text of them cannot be read whole`] : []),
      ...(untold > 0
        ? [
            `how severe ${counted(untold, 'finding')} of them ${untold === 1 ? 'is' : 'are'}: Defender rates them unknown`,
          ]
        : []),
    ],
  };
}

/** What the scan's own assessment and its sub-assessments say, as they were until 2026-07-31; undefined without any. */
function readGrouped(rows: readonly Json[], now: Date): ScanReading | undefined {
  const of = (ending: string) =>
    rows.filter((row) => textAt(row, 'type').endsWith(ending)).map((row) => row.properties);
  const found = of('/subassessments');
  const [assessment] = of('/assessments');
  if (found.length === 0 && assessment === undefined) return undefined;
  const newest = newestOf(found.map((item) => instantAt(item, 'timeGenerated')));
  const state = stateOf(assessment);
  const vulnerabilities = found
    .filter((item) => isOpen(stateOf(item)))
    .map(vulnerabilityOf)
    .sort(byWorst);
  const scanned = newest !== null || isJudged(state);
  const why = textAt(assessment, 'status', 'description') || textAt(assessment, 'status', 'cause');
  return {
    scan: scanned
      ? { state: 'scanned', at: newest, because: '' }
      : {
          state: 'not-scanned',
          at: null,
          because: `no vulnerability scan of this VM (${why === '' ? state || 'no assessment' : printable(why, 200)})`,
        },
    vulnerabilities,
    stale:
      newest !== null && patchAge(newest, now) > staleDays
        ? `the last vulnerability scan was ${patchAge(newest, now)} days ago (it found ${vulnerabilities.length} then)`
        : '',
    coverage:
      newest === null ? 'the last scan of Defender for Cloud' : `the scan of ${newest.slice(0, 16).replace('T', ' ')}Z`,
    notSeen: [],
  };
}

/** What scans found on a VM, from the rows of the query `software`. While a tenant moves it may hold both ways. */
export function readScans(rows: readonly Json[], now: Date): ScanReading {
  const assessments = rows.filter((row) => /\/(sub)?assessments$/.test(textAt(row, 'type')));
  const updates = readUpdates(assessments.filter((row) => isUpdate(row.properties)));
  const grouped = readGrouped(
    assessments.filter((row) => !isUpdate(row.properties)),
    now,
  );
  if (updates === undefined) {
    return (
      grouped ?? {
        scan: {
          state: 'not-scanned',
          at: null,
          because:
            'no source reports whether this VM was scanned: Defender for Cloud shows no finding of it, open or closed',
        },
        vulnerabilities: [],
        stale: '',
        coverage: 'the findings of Defender for Cloud',
        notSeen: [],
      }
    );
  }
  // The newest report of a finding counts; an older list adds findings of its own, while it is fresh.
  if (!grouped || grouped.scan.state === 'not-scanned' || grouped.stale !== '') return updates;
  const told = new Set(updates.vulnerabilities.flatMap(({ cves }) => cves));
  const more = grouped.vulnerabilities.filter(({ cves }) => cves.length === 0 || cves.some((cve) => !told.has(cve)));
  return { ...updates, vulnerabilities: [...updates.vulnerabilities, ...more].sort(byWorst) };
}

/** The CVEs of an assessment for a program to update, as the text that Defender keeps. */
const details = 'tostring(properties.additionalData.CvesDetails)';

/**
 * Their names alone. Resource Graph has "a subset" of Kusto's scalar functions ("Understanding the Azure Resource Graph
 * query language", read 2026-11-29), and no page lists it: where this one is not known the texts come whole.
 */
const namesOf = `extract_all(@'(?i)"CveId"\\s*:\\s*"(CVE-[0-9]{4}-[0-9]{4,19})"', ${details})`;

/** The names that either of the two gives. */
function updatedCves(row: Json): string[] {
  const listed = listAt(row, 'updated').filter((cve) => typeof cve === 'string');
  const inText = [...textAt(row, 'updated').matchAll(/"CveId"\s*:\s*"(CVE-\d{4}-\d{4,19})"/gi)];
  return [...listed, ...inText.map(([, cve = '']) => cve)];
}

/**
 * What scans found in every VM in reach: VM id in lower case -> its CVEs. VMs that were not scanned, or
 * longer than seven days ago where that is reported, are absent.
 */
export async function readFleetVulnerabilities(
  connection: Connection,
  subscriptions: string[],
  signal?: AbortSignal,
): Promise<{ found: Map<string, string[]>; truncated: string }> {
  const query = await loadQuery('vulnerabilities');
  const ask = (updated: string) =>
    queryGraph(connection, withLiterals(query, { _updated: updated }), subscriptions, signal);
  const { rows, truncated } = await ask(namesOf).catch((error: unknown) => {
    if (!isInvalidQuery(error)) throw error;
    return ask(details);
  });
  const now = connection.clock.now();
  const found = new Map<string, string[]>();
  for (const [machine, own] of Map.groupBy(rows, (row) => textAt(row, 'machine'))) {
    const judged = own.filter((row) => isJudged(textAt(row, 'state')));
    const grouped = judged.filter((row) => !isUpdateCategory(textAt(row, 'category')));
    const newest = newestOf(grouped.map((row) => instantAt(row, 'foundAt')));
    const stale = newest !== null && patchAge(newest, now) > staleDays;
    const counting = stale ? judged.filter((row) => isUpdateCategory(textAt(row, 'category'))) : judged;
    if (counting.length === 0) continue;
    found.set(machine, counting.filter((row) => isOpen(textAt(row, 'state'))).flatMap(fleetCves));
  }
  return { found, truncated };
}

/** The CVEs that a row of the query `vulnerabilities` names. */
function fleetCves(row: Json): string[] {
  if (isUpdateCategory(textAt(row, 'category'))) return cvesIn(updatedCves(row));
  if (!textAt(row, 'type').endsWith('/subassessments')) return [];
  return vulnerabilityOf({ id: textAt(row, 'finding'), additionalData: { cve: listAt(row, 'cves') } }).cves;
}
