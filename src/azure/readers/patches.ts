import { at, booleanAt, instantAt, isObject, type Json, listAt, numberAt, textAt } from '../../arm/json.ts';
import type { Fact } from '../../documents/fact.ts';
import { known, unknown } from '../../documents/fact.ts';
import type { InstallationRun, Installations, MissingPatch, Patches, VirtualMachine } from '../../documents/triage.ts';
import { printable } from '../../text/printable.ts';
import { patchAge, patchOrder } from '../../triage/patches.ts';
import type { Connection } from '../client/connection.ts';
import { unknownFrom } from '../client/failure.ts';
import { kqlString, withLiterals } from '../client/kql-literal.ts';
import { loadQuery } from '../client/load-query.ts';
import { rawBody } from '../client/raw-body.ts';
import { queryGraph } from '../client/resource-graph.ts';

const source = 'Resource Graph · patchassessmentresources';
const historySource = 'Resource Graph · patchinstallationresources';
const staleDays = 7;
const cure = 'run the playbook assess-patches, or press “Check for updates” in Azure Update Manager';

/** The field has two spellings in Azure's own documents, and may or may not begin with "KB". */
function kbOf(properties: unknown): string {
  return (textAt(properties, 'kbId') || textAt(properties, 'kbid')).replace(/^KB/i, '');
}

function classificationOf(properties: unknown): string {
  return (
    listAt(properties, 'classifications')
      .filter((one) => typeof one === 'string')
      .join(', ') || 'Other'
  );
}

/** Does the update need a reboot? `CanRequestReboot` only may. */
function rebootRequiredOf(properties: unknown): boolean | null {
  const told = booleanAt(properties, 'rebootRequired');
  if (told !== undefined) return told;
  const behavior = textAt(properties, 'rebootBehavior');
  if (/^alwaysrequiresreboot$/i.test(behavior)) return true;
  return /^neverreboots$/i.test(behavior) ? false : null;
}

/** What Azure reports as an error; "" for none. What went well carries the code "0" or "Success". */
export function errorOf(value: unknown): string {
  const code = textAt(value, 'code');
  if (code === '' || code === '0' || /^success$/i.test(code)) return '';
  const details = listAt(value, 'details').map((detail) => textAt(detail, 'message') || textAt(detail, 'code'));
  const texts = [textAt(value, 'message'), ...details].filter((text) => text !== '');
  return printable([code, [...new Set(texts)].slice(0, 5).join('; ')].filter(Boolean).join(': '), 1000);
}

/** One missing update of an assessment. */
export function missingPatchOf(properties: unknown, now: Date): MissingPatch {
  const publishedAt = instantAt(properties, 'publishedDateTime') ?? instantAt(properties, 'publishedDate');
  return {
    name: textAt(properties, 'patchName'),
    kb: kbOf(properties),
    version: textAt(properties, 'version'),
    classification: classificationOf(properties),
    msrcSeverity: textAt(properties, 'msrcSeverity'),
    publishedAt,
    ageDays: publishedAt ? patchAge(publishedAt, now) : null,
    rebootRequired: rebootRequiredOf(properties),
    cves: [],
    lastAttempt: null,
  };
}

function countsOf(properties: unknown): Record<string, number> {
  const counts = at(properties, 'availablePatchCountByClassification');
  if (!isObject(counts)) return {};
  return Object.fromEntries(
    Object.keys(counts)
      .map((name) => [printable(name, 40), numberAt(counts, name)] as const)
      .filter((entry): entry is [string, number] => entry[1] !== undefined && Number.isInteger(entry[1])),
  );
}

/** Rows of a query about this one machine. */
async function rowsOf(connection: Connection, name: string, vm: VirtualMachine, signal: AbortSignal | undefined) {
  const query = withLiterals(await loadQuery(name), { _machine: kqlString(vm.id.toLowerCase()) });
  return queryGraph(connection, query, [vm.subscriptionId], signal);
}

/** The machine's own word on its last assessment, from its instance view; undefined when that could not be read. */
async function witness(connection: Connection, vm: VirtualMachine): Promise<Json | undefined> {
  const compute = await connection.compute(vm.subscriptionId);
  try {
    const view = await rawBody((options) => compute.virtualMachines.instanceView(vm.resourceGroup, vm.name, options));
    const summary = at(view, 'patchStatus', 'availablePatchSummary');
    return isObject(summary) ? summary : {};
  } catch {
    // It is a second witness only: its absence is said, and costs nothing else.
    return undefined;
  }
}

/** Why Resource Graph shows no assessment, as far as the machine's own instance view tells. */
function noAssessment(summary: Json | undefined, now: Date): Fact<Patches> {
  const seen = instantAt(summary, 'lastModifiedTime') ?? instantAt(summary, 'startTime');
  if (seen !== null && patchAge(seen, now) <= staleDays) {
    const serious = numberAt(summary, 'criticalAndSecurityPatchCount');
    return unknown(
      'hidden',
      `assessed ${seen.slice(0, 10)}: ${serious ?? 'an unknown number of'} critical and security updates missing, but Resource Graph does not show which`,
      'refresh in a few minutes; if it stays, ask for Reader on the machine',
      source,
    );
  }
  if (seen !== null) return unknown('stale', `the last assessment is ${patchAge(seen, now)} days old`, cure, source);
  return unknown(
    summary === undefined ? 'hidden' : 'absent',
    summary === undefined
      ? 'no assessment is to be seen: never assessed, longer than 7 days ago, or you may not read it'
      : 'this machine was never assessed, or more than 7 days ago',
    cure,
    source,
  );
}

/**
 * What the machine misses, by its last assessment (kept by Azure for seven days). Never assessed, or longer ago,
 * is unknown: it is not "patched".
 */
export async function readPatches(
  connection: Connection,
  vm: VirtualMachine,
  signal?: AbortSignal,
): Promise<Fact<Patches>> {
  try {
    const [graph, view] = await Promise.all([
      rowsOf(connection, 'patch-assessment', vm, signal),
      witness(connection, vm),
    ]);
    const now = connection.clock.now();
    const summary = graph.rows.find((row) => textAt(row, 'type').endsWith('patchassessmentresults'));
    const properties: unknown = summary?.properties;
    const assessedAt = instantAt(properties, 'lastModifiedDateTime') ?? instantAt(properties, 'startDateTime');
    if (!summary || !assessedAt) return noAssessment(view, now);
    const days = patchAge(assessedAt, now);
    if (now.getTime() - Date.parse(assessedAt) > staleDays * 86_400_000) {
      return unknown('stale', `the last assessment is ${days} days old`, cure, source);
    }
    const status = textAt(properties, 'status');
    const errors = errorOf(at(properties, 'errorDetails'));
    if (/^failed$/i.test(status)) {
      return unknown('failed', `the last assessment failed${errors === '' ? '' : ` (${errors})`}`, cure, source);
    }
    const missing = graph.rows
      .filter((row) => textAt(row, 'type').endsWith('softwarepatches'))
      .map((row) => missingPatchOf(row.properties, now))
      .sort(patchOrder);
    const notSeen = [graph.truncated].filter(Boolean);
    const counts = countsOf(properties);
    const total = Object.values(counts).reduce((sum, value) => sum + value, 0);
    if (total > missing.length) {
      notSeen.push(`${total - missing.length} missing updates that the assessment counts but does not list`);
    }
    const service = textAt(properties, 'patchServiceUsed');
    if (/wsus/i.test(service)) notSeen.push('updates that the WSUS server has not approved');
    if (errors !== '') notSeen.push(`the assessment reported ${errors}`);
    if (view === undefined) {
      notSeen.push('the instance view: a reboot that became necessary after the assessment');
    }
    const newer = instantAt(view, 'lastModifiedTime');
    if (newer !== null && Date.parse(newer) - Date.parse(assessedAt) > 600_000) {
      notSeen.push(`the assessment of ${newer.slice(0, 16).replace('T', ' ')}Z: Resource Graph does not show it yet`);
    }
    return known(
      {
        assessedAt,
        startedBy: textAt(properties, 'startedBy'),
        rebootPending: booleanAt(view, 'rebootPending') ?? booleanAt(properties, 'rebootPending') ?? null,
        rebootPendingSince: null,
        counts,
        missing,
        service,
      },
      { source, asOf: now.toISOString(), coverage: `assessment of ${assessedAt.slice(0, 10)}`, notSeen },
    );
  } catch (error) {
    return unknownFrom(error, source, {
      permission: 'Microsoft.Compute/virtualMachines/patchAssessmentResults/read',
      role: 'Reader',
      scope: vm.name,
    });
  }
}

function runOf(id: string, rows: readonly Json[]): InstallationRun {
  const summary: unknown = rows.find((row) => textAt(row, 'type').endsWith('patchinstallationresults'))?.properties;
  const number = (name: string) => numberAt(summary, name) ?? null;
  return {
    id,
    startedAt: instantAt(summary, 'startDateTime'),
    endedAt: instantAt(summary, 'lastModifiedDateTime'),
    status: textAt(summary, 'status'),
    startedBy: textAt(summary, 'startedBy'),
    installed: number('installedPatchCount'),
    failed: number('failedPatchCount'),
    pending: number('pendingPatchCount'),
    excluded: number('excludedPatchCount'),
    notSelected: number('notSelectedPatchCount'),
    maintenanceWindowExceeded: booleanAt(summary, 'maintenanceWindowExceeded') ?? null,
    rebootStatus: textAt(summary, 'rebootStatus'),
    error: errorOf(at(summary, 'errorDetails') ?? at(summary, 'error')),
    patches: rows
      .filter((row) => textAt(row, 'type').endsWith('softwarepatches'))
      .map(({ properties }) => ({
        name: textAt(properties, 'patchName'),
        kb: kbOf(properties),
        version: textAt(properties, 'version'),
        classification: classificationOf(properties),
        state: textAt(properties, 'installationState'),
        at: instantAt(properties, 'lastModifiedDateTime'),
      })),
  };
}

/**
 * The installation runs that Azure still keeps (30 days), newest first. No row is "no run to be seen": updates that the
 * machine installs by itself (Windows Update on its own) leave none.
 */
export async function readInstallations(
  connection: Connection,
  vm: VirtualMachine,
  signal?: AbortSignal,
): Promise<Fact<Installations>> {
  try {
    const { rows, truncated } = await rowsOf(connection, 'patch-installations', vm, signal);
    const runs = [...Map.groupBy(rows, (row) => textAt(row, 'run'))]
      .map(([id, own]) => runOf(id, own))
      .sort((a, b) => (b.endedAt ?? b.startedAt ?? '').localeCompare(a.endedAt ?? a.startedAt ?? ''));
    return known(
      { runs },
      {
        source: historySource,
        asOf: connection.clock.now().toISOString(),
        coverage: 'runs of Azure Update Manager in the last 30 days',
        notSeen: [
          'updates that the machine installs by itself, without Azure Update Manager',
          ...(truncated ? [truncated] : []),
        ],
      },
    );
  } catch (error) {
    return unknownFrom(error, historySource, {
      permission: 'Microsoft.Compute/virtualMachines/patchInstallationResults/read',
      role: 'Reader',
      scope: vm.name,
    });
  }
}
