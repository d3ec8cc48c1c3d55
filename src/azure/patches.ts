import type { Fact } from '../documents/fact.ts';
import type { MissingPatch, Patches, VirtualMachine } from '../documents/triage.ts';
import { known, unknown } from '../triage/fact.ts';
import { patchAge, patchOrder } from '../triage/patches.ts';
import type { Connection } from './connection.ts';
import { azureError, unknownFrom } from './failure.ts';
import { booleanAt, instantAt, type Json, listAt, textAt } from './json.ts';
import { kqlString, withParameters } from './kql-literal.ts';
import { loadQuery } from './queries.ts';
import { rawBody } from './raw-body.ts';
import { queryGraph } from './resource-graph.ts';

const source = 'Resource Graph · patchassessmentresources';
const staleDays = 7;

/** One missing update of an assessment; the KB field has two spellings in Azure's own documents. */
export function missingPatchOf(properties: unknown, now: Date): MissingPatch {
  const kb = (textAt(properties, 'kbId') || textAt(properties, 'kbid')).replace(/^KB/i, '');
  const publishedAt = instantAt(properties, 'publishedDateTime');
  const classifications = listAt(properties, 'classifications').filter((c) => typeof c === 'string');
  return {
    name: textAt(properties, 'patchName'),
    kb,
    version: textAt(properties, 'version'),
    classification: classifications.join(', ') || 'Other',
    publishedAt,
    ageDays: publishedAt ? patchAge(publishedAt, now) : null,
    rebootRequired: booleanAt(properties, 'rebootRequired') ?? null,
  };
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
  const cure = 'run the playbook assess-patches, or press “Check for updates” in Azure Update Manager';
  try {
    const [query, compute] = await Promise.all([loadQuery('patch-assessment'), connection.compute(vm.subscriptionId)]);
    const [graph, view] = await Promise.all([
      queryGraph(
        connection,
        withParameters(query, { machines: `dynamic([${kqlString(vm.id.toLowerCase())}])` }),
        [vm.subscriptionId],
        signal,
      ),
      rawBody((options) => compute.virtualMachines.instanceView(vm.resourceGroup, vm.name, options)).catch(
        (error: unknown) => azureError(error),
      ),
    ]);
    const now = connection.clock.now();
    const summary = graph.rows.find((row) => textAt(row, 'type').endsWith('patchassessmentresults'));
    const properties: unknown = summary?.properties;
    const assessedAt = instantAt(properties, 'lastModifiedDateTime') ?? instantAt(properties, 'startDateTime');
    if (!summary || !assessedAt) {
      return unknown('this machine was never assessed, or more than 7 days ago', cure, source);
    }
    const age = patchAge(assessedAt, now);
    if (age > staleDays) return unknown(`the last assessment is ${age} days old`, cure, source);
    const errors = textAt(properties, 'errorDetails', 'code');
    const missing = graph.rows
      .filter((row) => textAt(row, 'type').endsWith('softwarepatches'))
      .map((row) => missingPatchOf(row.properties, now))
      .sort(patchOrder);
    const notSeen = [graph.truncated].filter(Boolean);
    const service = textAt(properties, 'patchServiceUsed');
    if (/wsus/i.test(service)) notSeen.push('updates that the WSUS server has not approved');
    if (errors && errors !== '0' && !/^success$/i.test(errors)) notSeen.push(`the assessment reported ${errors}`);
    const failed = 'status' in view && typeof view.status === 'number';
    const instance: Json = failed ? {} : { ...view };
    if (failed) notSeen.push('the instance view: a reboot that became necessary after the assessment');
    const pending =
      booleanAt(instance, 'patchStatus', 'availablePatchSummary', 'rebootPending') ??
      booleanAt(properties, 'rebootPending');
    return known(
      { assessedAt, rebootPending: pending ?? null, missing, service },
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
