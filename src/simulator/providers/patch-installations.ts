import type { Azure } from '../azure.ts';
import { AzureError } from '../azure-error.ts';
import { bodyOf, type Handler, type Route } from '../call.ts';
import { at, type Json, record, records, text, texts } from '../json.ts';
import { demandIdle, startCompute } from '../long-running.ts';
import { instanceView } from '../present.ts';
import type { ArmResource, Row } from '../world.ts';
import { guidOf } from '../world-settlement.ts';
import { ownerAt } from './resource-reads.ts';
import { demandAgent, missingUpdates, patchesTable } from './virtual-machines.ts';

interface Wanted {
  classifications: string[];
  reboot: string;
}

/** The updates of the last assessment that the request asks for. */
function selected(azure: Azure, machine: ArmResource, { classifications }: Wanted): Row[] {
  const lower = classifications.map((one) => one.toLowerCase());
  return missingUpdates(azure, machine).filter((row) =>
    texts(at(row, 'properties', 'classifications')).some((one) => lower.includes(one.toLowerCase())),
  );
}

const needsRestart = (row: Row): boolean =>
  at(row, 'properties', 'rebootRequired') === true ||
  /^(AlwaysRequiresReboot|CanRequestReboot)$/i.test(text(at(row, 'properties', 'rebootBehavior')) ?? '');

/** What the operation answers, and what the instance view shows: Compute specification, InstallPatches. */
function resultOf(chosen: readonly Row[], wanted: Wanted, startedAt: number, activity: string): Json {
  const restart = chosen.some(needsRestart);
  return {
    status: 'Succeeded',
    installationActivityId: activity,
    rebootStatus: !restart ? 'NotNeeded' : /^never$/i.test(wanted.reboot) ? 'Required' : 'Completed',
    maintenanceWindowExceeded: false,
    excludedPatchCount: 0,
    notSelectedPatchCount: 0,
    pendingPatchCount: 0,
    installedPatchCount: chosen.length,
    failedPatchCount: 0,
    startDateTime: new Date(startedAt).toISOString(),
    patches: chosen.map((row) => ({
      patchId: guidOf(text(row.id) ?? ''),
      name: text(at(row, 'properties', 'patchName')) ?? '',
      installationState: 'Installed',
    })),
  };
}

function settle(azure: Azure, machine: ArmResource, chosen: readonly Row[], result: Json): void {
  const gone = new Set(chosen.map((row) => row.id));
  azure.setTable(
    patchesTable,
    (azure.table(patchesTable) ?? []).filter((row) => !gone.has(row.id)),
  );
  const now = azure.store.get(machine.id);
  if (now === undefined) return;
  const { patches: _patches, startDateTime, rebootStatus: _restart, ...counts } = result;
  const summary = { ...counts, startTime: startDateTime, lastModifiedTime: azure.clock.now().toISOString() };
  const view = instanceView(now);
  const patchStatus = { ...record(view.patchStatus), lastPatchInstallationSummary: summary };
  azure.store.put(
    { ...now, properties: { ...now.properties, instanceView: { ...view, patchStatus } } },
    { silent: true },
  );
}

const install: Handler = (call) => {
  const { azure } = call;
  const machine = ownerAt(call);
  const body = bodyOf(call);
  const reboot = text(body.rebootSetting) ?? '';
  if (!/^(IfRequired|Never|Always)$/.test(reboot))
    throw new AzureError(400, 'InvalidParameter', "Required parameter 'rebootSetting' is missing (null).", {
      extra: { target: 'rebootSetting' },
    });
  demandAgent(machine, 'installPatches', 'the VM is not running');
  demandIdle(call, `${machine.id}/patches`);
  const parameters = records([body.windowsParameters, body.linuxParameters]);
  const wanted = { classifications: parameters.flatMap((one) => texts(one.classificationsToInclude)), reboot };
  const startedAt = azure.clock.ms();
  const activity = guidOf(`install:${machine.id}${startedAt}`);
  const chosen = selected(azure, machine, wanted);
  const result = resultOf(chosen, wanted, startedAt, activity);
  // Nothing shows yet, and yet it is a change: it is in the log of changes.
  azure.dataVersion += 1;
  const { headers } = startCompute(call, machine.location ?? '', 'operations', {
    target: `${machine.id}/patches`,
    duration: azure.pace.assessment * 4,
    finish: () => settle(azure, machine, chosen, result),
    result: () => result,
  });
  return { status: 202, headers };
};

export const patchInstallationRoutes: Route[] = [
  {
    method: 'POST',
    template:
      '/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Compute/virtualMachines/{name}/installPatches',
    handler: install,
  },
];
