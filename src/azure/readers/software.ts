import { at, instantAt, listAt, numberAt, textAt } from '../../arm/json.ts';
import type { Fact, WhyUnknown } from '../../documents/fact.ts';
import { known, unknown } from '../../documents/fact.ts';
import type { Software, VirtualMachine } from '../../documents/triage.ts';
import { printable } from '../../text/printable.ts';
import { patchAge } from '../../triage/patches.ts';
import type { Connection } from '../client/connection.ts';
import { securityReader, unknownFrom } from '../client/failure.ts';
import { kqlString, withLiterals } from '../client/kql-literal.ts';
import { loadQuery } from '../client/load-query.ts';
import { queryGraph } from '../client/resource-graph.ts';
import type { ServersPlan } from './defender-plan.ts';

const source = 'Resource Graph · securityresources (software)';
/** Agentless scans run daily; an answer older than this says what was, not what is. */
const staleDays = 7;

type Vulnerability = Software['vulnerabilities'][number];

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
 * A vulnerability finding from a sub-assessment's properties. CVEs stand in its id or in `additionalData.cve`; updates
 * only in its texts, where it names them at all.
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

const severityRank = (severity: string) => ['critical', 'high', 'medium', 'low'].indexOf(severity.toLowerCase()) + 5;

function newestOf(times: (string | null)[]): string | null {
  return (
    times
      .filter((time) => time !== null)
      .sort()
      .at(-1) ?? null
  );
}

/** What the absence of an inventory means, by the plan. */
function noInventory(plan: ServersPlan): [why: WhyUnknown, because: string, cure: string] {
  switch (plan.servers) {
    case 'P2':
    case 'on':
      return [
        'silent',
        `no software inventory here: Defender for Servers (${plan.text}) is on, but has not scanned this machine`,
        'look at its agentless scanning and at Defender for Endpoint; a machine that is off or excluded is not scanned',
      ];
    case 'P1':
      return [
        'off',
        'no software inventory here: Plan 1 of Defender for Servers has it from Defender for Endpoint alone, which reports nothing of this machine',
        'ask for Defender for Endpoint on the machine, or for Plan 2 (agentless scanning)',
      ];
    case 'off':
      return [
        'off',
        'no software inventory here: Defender for Servers is off',
        'switch on Defender for Servers Plan 2',
      ];
    default:
      return [
        'hidden',
        'no software inventory here, and the Defender plan cannot be read',
        'ask for Security Reader on the subscription',
      ];
  }
}

/** What the vulnerability assessment's own state says: was the machine looked at? */
function scanOf(assessment: unknown, newest: string | null): Software['scan'] {
  const state = textAt(assessment, 'status', 'code');
  if (newest !== null || /^(healthy|unhealthy)$/i.test(state)) {
    return { state: 'scanned', at: newest, because: '' };
  }
  const why = textAt(assessment, 'status', 'description') || textAt(assessment, 'status', 'cause');
  return {
    state: 'not-scanned',
    at: null,
    because: `no vulnerability scan of this machine (${why === '' ? state || 'no assessment' : printable(why, 200)})`,
  };
}

/** Third-party software and known vulnerabilities. No row means "no inventory here", not "nothing installed". */
export async function readSoftware(
  connection: Connection,
  vm: VirtualMachine,
  plan: Promise<ServersPlan>,
  signal?: AbortSignal,
): Promise<Fact<Software>> {
  try {
    const query = withLiterals(await loadQuery('software'), { _machine: kqlString(vm.id.toLowerCase()) });
    const { rows, truncated } = await queryGraph(connection, query, [vm.subscriptionId], signal);
    const of = (ending: string) =>
      rows.filter((row) => textAt(row, 'type').endsWith(ending)).map((row) => row.properties);
    const found = of('/subassessments');
    const items = of('/softwareinventories');
    const [assessment] = of('/assessments');
    const vulnerabilities = found
      .filter((item) => /^unhealthy$/i.test(textAt(item, 'status', 'code')))
      .map(vulnerabilityOf)
      .sort(
        (a, b) =>
          severityRank(a.severity) - severityRank(b.severity) ||
          (b.cvss ?? 0) - (a.cvss ?? 0) ||
          a.title.localeCompare(b.title),
      );
    const newest = newestOf(found.map((item) => instantAt(item, 'timeGenerated')));
    const scan = scanOf(assessment, newest);
    if (items.length === 0 && scan.state === 'not-scanned') return unknown(...noInventory(await plan), source);
    const now = connection.clock.now();
    if (newest !== null && patchAge(newest, now) > staleDays) {
      return unknown(
        'stale',
        `the last vulnerability scan was ${patchAge(newest, now)} days ago (it found ${vulnerabilities.length} then)`,
        'look why scanning stopped: the machine is off, excluded, or its plan was switched off',
        source,
      );
    }
    const notSeen = truncated ? [truncated] : [];
    if (scan.state === 'not-scanned') notSeen.push(`vulnerabilities: ${scan.because}`);
    if (items.length === 0) notSeen.push('the programs that are installed: no inventory of this machine');
    return known(
      {
        items: items.map((item) => ({
          vendor: textAt(item, 'vendor'),
          name: textAt(item, 'softwareName'),
          version: textAt(item, 'version'),
          endOfSupport: textAt(item, 'endOfSupportStatus'),
          endOfSupportAt: instantAt(item, 'endOfSupportDate')?.slice(0, 10) ?? '',
          knownVulnerabilities: numberAt(item, 'numberOfKnownVulnerabilities') ?? null,
        })),
        scan,
        vulnerabilities,
      },
      {
        source,
        asOf: now.toISOString(),
        coverage:
          newest === null
            ? 'the last scan of Defender for Cloud'
            : `the scan of ${newest.slice(0, 16).replace('T', ' ')}Z`,
        notSeen,
      },
    );
  } catch (error) {
    return unknownFrom(error, source, securityReader);
  }
}

/**
 * What scans found in every machine in reach: machine id in lower case -> its CVEs. Machines that were not scanned, or
 * longer than seven days ago, are absent.
 */
export async function readFleetVulnerabilities(
  connection: Connection,
  subscriptions: string[],
  signal?: AbortSignal,
): Promise<Map<string, string[]>> {
  const { rows } = await queryGraph(connection, await loadQuery('vulnerabilities'), subscriptions, signal);
  const now = connection.clock.now();
  const found = new Map<string, string[]>();
  for (const [machine, own] of Map.groupBy(rows, (row) => textAt(row, 'machine'))) {
    const judged = own.filter((row) => /^(healthy|unhealthy)$/i.test(textAt(row, 'state')));
    const newest = newestOf(judged.map((row) => instantAt(row, 'foundAt')));
    if (judged.length === 0 || (newest !== null && patchAge(newest, now) > staleDays)) continue;
    const open = judged.filter(
      (row) => textAt(row, 'type').endsWith('/subassessments') && /^unhealthy$/i.test(textAt(row, 'state')),
    );
    found.set(
      machine,
      open.flatMap(
        (row) => vulnerabilityOf({ id: textAt(row, 'finding'), additionalData: { cve: listAt(row, 'cves') } }).cves,
      ),
    );
  }
  return found;
}
