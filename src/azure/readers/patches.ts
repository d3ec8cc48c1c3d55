import { at, booleanAt, instantAt, isObject, type Json, listAt, numberAt, textAt } from '../../arm/json.ts';
import type { Fact } from '../../documents/fact.ts';
import { known, unknown } from '../../documents/fact.ts';
import type { InstallationRun, Installations, MissingPatch, Patches, VirtualMachine } from '../../documents/triage.ts';
import { assessmentResult, patchAge, patchOrder } from '../../triage/patches.ts';
import type { Connection } from '../client/connection.ts';
import { unknownFrom } from '../client/failure.ts';
import { kqlString, withLiterals } from '../client/kql-literal.ts';
import { loadQuery } from '../client/load-query.ts';
import { rawBody } from '../client/raw-body.ts';
import { queryGraph } from '../client/resource-graph.ts';
import { type Assessment, assessmentsIn, errorOf, gapsIn, noResultOf, tellsMissing } from './patch-assessment.ts';

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

/** Rows of a query about this one VM. */
async function rowsOf(connection: Connection, name: string, vm: VirtualMachine, signal: AbortSignal | undefined) {
  const query = withLiterals(await loadQuery(name), { _machine: kqlString(vm.id.toLowerCase()) });
  return queryGraph(connection, query, [vm.subscriptionId], signal);
}

/** The VM's own word on its last assessment, from its instance view; undefined when that could not be read. */
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

/** Why Resource Graph shows no assessment, as far as the VM's own instance view shows. */
function noAssessment(summary: Json | undefined, now: Date): Fact<Patches> {
  const seen = instantAt(summary, 'lastModifiedTime') ?? instantAt(summary, 'startTime');
  const result = assessmentResult(
    textAt(summary, 'status'),
    numberAt(summary, 'criticalAndSecurityPatchCount') !== undefined,
  );
  if (seen !== null && result === 'running') {
    return unknown(
      'silent',
      `an assessment is running since ${seen.slice(0, 16).replace('T', ' ')}Z`,
      'refresh in a few minutes',
      source,
    );
  }
  if (seen !== null && result === 'failed') {
    return unknown('failed', `the assessment of ${seen.slice(0, 10)} failed`, cure, source);
  }
  if (seen !== null && patchAge(seen, now) <= staleDays) {
    const serious = numberAt(summary, 'criticalAndSecurityPatchCount');
    return unknown(
      'hidden',
      `assessed ${seen.slice(0, 10)}: ${serious ?? 'an unknown number of'} critical and security updates missing, but Resource Graph does not show which`,
      'refresh in a few minutes; if it stays, ask for Reader on the VM',
      source,
    );
  }
  if (seen !== null) return unknown('stale', `the last assessment is ${patchAge(seen, now)} days old`, cure, source);
  return unknown(
    summary === undefined ? 'hidden' : 'absent',
    summary === undefined
      ? 'no assessment is to be seen: never assessed, longer than 7 days ago, or you may not read it'
      : 'this VM was never assessed, or more than 7 days ago',
    cure,
    source,
  );
}

function isFresh(instant: string, now: Date): boolean {
  return now.getTime() - Date.parse(instant) <= staleDays * 86_400_000;
}

/** When what an assessment lists was found: that of a running one is from the one before it. */
function foundAt({ at: when, result, missing }: Assessment, now: Date): string {
  const listed = missing.flatMap((one) => instantAt(one, 'lastModifiedDateTime') ?? []).sort();
  return (result === 'running' ? listed.at(-1) : undefined) ?? when ?? now.toISOString();
}

/** The fact that an assessment gives, with the instance view as a second witness. */
function patchesOf(told: Assessment, view: Json | undefined, gaps: readonly string[], now: Date): Fact<Patches> {
  const assessedAt = foundAt(told, now);
  const notSeen = [...gaps];
  const service = textAt(told.properties, 'patchServiceUsed');
  if (/wsus/i.test(service)) notSeen.push('updates that the WSUS server has not approved');
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
      startedBy: textAt(told.properties, 'startedBy'),
      rebootPending: booleanAt(view, 'rebootPending') ?? booleanAt(told.properties, 'rebootPending') ?? null,
      rebootPendingSince: null,
      counts: told.counts,
      missing: told.missing.map((one) => missingPatchOf(one, now)).sort(patchOrder),
      service,
    },
    { source, asOf: now.toISOString(), coverage: `assessment of ${assessedAt.slice(0, 10)}`, notSeen },
  );
}

/**
 * What the VM misses, by its last finished assessment (kept by Azure for seven days). Never assessed, longer ago, or
 * without a result is unknown: it is not "patched"
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
    const assessments = assessmentsIn(graph.rows);
    const [newest] = assessments;
    if (newest?.at == null) return noAssessment(view, now);
    const fresh = assessments.filter((one) => one.at !== null && isFresh(one.at, now));
    if (fresh.length === 0) {
      return unknown('stale', `the last assessment is ${patchAge(newest.at, now)} days old`, cure, source);
    }
    const told = fresh.find((one) => one.result !== 'running' && tellsMissing(one)) ?? fresh.find(tellsMissing);
    if (!told) {
      const running = newest.result === 'running';
      const why = newest.result === 'failed' ? 'failed' : 'silent';
      return unknown(why, noResultOf(newest), running ? 'refresh in a few minutes' : cure, source);
    }
    const notSeen = [graph.truncated, ...gapsIn(told), ...(told === newest ? [] : [noResultOf(newest)])];
    return patchesOf(told, view, notSeen.filter(Boolean), now);
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
 * VM installs by itself (Windows Update on its own) leave none.
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
          'updates that the VM installs by itself, without Azure Update Manager',
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
