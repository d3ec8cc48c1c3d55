// Azure Update Manager's tables in Resource Graph.
import type { Row } from '../world.ts';
import { graphRow } from './graph.ts';
import { guidOf } from './seeded.ts';
import { tenantId } from './tenant.ts';
import { ago, minute } from './time.ts';

export type Classification = 'Critical' | 'Security' | 'UpdateRollUp' | 'Definition' | 'Updates' | 'Tools' | 'Other';

export interface Patch {
  /** Without `KB`; absent on Linux. */
  kb?: string;
  name: string;
  classification: Classification;
  /** `2026-10-13`; absent on Linux, where Azure prints null. */
  published?: string;
  /** Linux only. */
  version?: string;
  reboot?: 'NeverReboots' | 'AlwaysRequiresReboot' | 'CanRequestReboot';
}

export interface Assessment {
  machineId: string;
  os: 'Windows' | 'Linux';
  /** How long ago, in milliseconds. */
  age: number;
  rebootPending: boolean;
  missing: Patch[];
  /** Where updates come from; Windows Update, or the package sources of Linux, when absent. */
  service?: 'WU-WSUS';
  /** Azure's documents spell the field in two ways. */
  kbField?: 'Kbid';
}

const counters: Record<Classification, string> = {
  Critical: 'critical',
  Security: 'security',
  UpdateRollUp: 'updateRollup',
  Definition: 'definition',
  Updates: 'updates',
  Tools: 'tools',
  Other: 'other',
};

function counts(os: 'Windows' | 'Linux', missing: Patch[]): Record<string, number> {
  const kinds =
    os === 'Linux'
      ? ['security', 'other']
      : ['critical', 'security', 'updateRollup', 'featurePack', 'servicePack', 'definition', 'tools', 'updates'];
  return Object.fromEntries(
    kinds.map((kind) => [kind, missing.filter((patch) => counters[patch.classification] === kind).length]),
  );
}

/** One assessment: its summary row, then a row for each missing update. */
export function assessmentRows(assessment: Assessment): Row[] {
  const { machineId, os, age, rebootPending, missing, service, kbField = 'kbId' } = assessment;
  const id = `${machineId}/patchAssessmentResults/latest`;
  const type = 'microsoft.compute/virtualmachines/patchassessmentresults';
  const finished = `${ago(age).replace('Z', '.5033333Z')}`;
  const summary = graphRow({ id, name: 'latest', type }, tenantId, {
    osType: os,
    status: 'Succeeded',
    startedBy: 'Platform',
    rebootPending,
    patchServiceUsed: service ?? (os === 'Windows' ? 'WU' : 'APT'),
    assessmentActivityId: guidOf(`assessment:${machineId}`),
    startDateTime: `${ago(age + 4 * minute).replace('Z', '.1266666Z')}`,
    lastModifiedDateTime: finished,
    availablePatchCountByClassification: counts(os, missing),
    errorDetails: { code: '', message: '', details: [] },
  });
  const updates = missing.map((patch) => {
    const patchId = guidOf(`patch:${patch.kb ?? patch.name}`);
    return graphRow(
      { id: `${id}/softwarePatches/${patchId}`, name: patchId, type: `${type}/softwarepatches` },
      tenantId,
      {
        patchId,
        patchName: patch.name,
        ...(patch.kb === undefined ? {} : { [kbField]: patch.kb }),
        classifications: [patch.classification],
        assessmentState: 'Available',
        rebootBehavior: patch.reboot ?? (os === 'Windows' ? 'CanRequestReboot' : 'NeverReboots'),
        publishedDateTime: patch.published === undefined ? null : `${patch.published}T00:00:00Z`,
        ...(patch.version === undefined ? {} : { version: patch.version }),
        lastModifiedDateTime: finished,
      },
    );
  });
  return [summary, ...updates];
}

type InstallationState = 'Installed' | 'Failed' | 'Pending' | 'Excluded' | 'NotSelected';

export interface Installation {
  machineId: string;
  os: 'Windows' | 'Linux';
  /** How long ago it ended, in milliseconds. */
  age: number;
  status: 'Succeeded' | 'Failed' | 'CompletedWithWarnings';
  rebootStatus: 'NotNeeded' | 'Required' | 'Completed';
  exceeded?: boolean;
  /** A run without an error carries the code "0". */
  error?: { code: string; message: string };
  patches: { kb?: string; name: string; version?: string; state: InstallationState }[];
}

/** One installation run: its summary row, then a row for each update. */
export function installationRows(installation: Installation): Row[] {
  const { machineId, os, age, patches, error = { code: '0', message: '' } } = installation;
  const run = guidOf(`installation:${machineId}:${age}`);
  const id = `${machineId}/patchInstallationResults/${run}`;
  const type = 'microsoft.compute/virtualmachines/patchinstallationresults';
  const count = (state: InstallationState): number => patches.filter((patch) => patch.state === state).length;
  const finished = `${ago(age).replace('Z', '.2100000Z')}`;
  const summary = graphRow({ id, name: run, type }, tenantId, {
    osType: os,
    status: installation.status,
    startedBy: 'Platform',
    installationActivityId: run,
    startDateTime: `${ago(age + 55 * minute).replace('Z', '.0400000Z')}`,
    lastModifiedDateTime: finished,
    maintenanceWindowExceeded: installation.exceeded === true,
    rebootStatus: installation.rebootStatus,
    installedPatchCount: count('Installed'),
    failedPatchCount: count('Failed'),
    pendingPatchCount: count('Pending'),
    notSelectedPatchCount: count('NotSelected'),
    excludedPatchCount: count('Excluded'),
    errorDetails: { ...error, details: [] },
  });
  const rows = patches.map((patch) => {
    const patchId = guidOf(`patch:${patch.kb ?? patch.name}`);
    return graphRow(
      { id: `${id}/softwarePatches/${patchId}`, name: patchId, type: `${type}/softwarepatches` },
      tenantId,
      {
        patchId,
        patchName: patch.name,
        ...(patch.kb === undefined ? {} : { kbId: patch.kb }),
        ...(patch.version === undefined ? {} : { version: patch.version }),
        classifications: ['Security'],
        installationState: patch.state,
        lastModifiedDateTime: finished,
      },
    );
  });
  return [summary, ...rows];
}
