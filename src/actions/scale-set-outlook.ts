import { booleanAt, type Json, listAt, textAt } from '../arm/json.ts';
import { parseResourceId } from '../arm/resource-id.ts';
import type { Connection } from '../azure/client/connection.ts';
import { rawBody } from '../azure/client/raw-body.ts';
import type { ActionContext } from '../playbook/action.ts';
import { printable } from '../text/printable.ts';
import { bounded, why } from './preflight/intended.ts';

/** Are automatic repairs on, and not suspended? null when Azure does not report their state. */
async function repairs(connection: Connection, id: string, set: Json, signal: AbortSignal): Promise<boolean | null> {
  if (booleanAt(set, 'properties', 'automaticRepairsPolicy', 'enabled') !== true) return false;
  const parsed = parseResourceId(id);
  if (!parsed) return null;
  const { virtualMachineScaleSets } = await connection.compute(parsed.subscriptionId);
  try {
    const view = await bounded(connection, signal, (ending) =>
      rawBody((options) =>
        virtualMachineScaleSets.getInstanceView(parsed.resourceGroup, parsed.name, { ...options, abortSignal: ending }),
      ),
    );
    const service = listAt(view, 'orchestrationServices').find((one) =>
      /^automaticrepairs$/i.test(textAt(one, 'serviceName')),
    );
    return /^suspended$/i.test(textAt(service, 'serviceState')) ? false : service === undefined ? null : true;
  } catch (error) {
    if (signal.aborted) throw error;
    return null;
  }
}

const actions: Record<string, string> = {
  replace: 'DELETES the VM and makes another',
  reimage: 'puts a fresh OS disk in the place of its own',
  restart: 'restarts it, and its memory is lost',
};

/**
 * What the Flexible scale set that a VM belongs to may do to it once it is locked or off: the evidence can be gone. Empty for a VM of
 * none. Repairs: Compute specification, AutomaticRepairsPolicy ("Default value is replace", grace period "PT10M … the default
 * value"), and Microsoft Learn, "Automatic instance repairs for Azure Virtual Machine Scale Sets"; protection: "Instance Protection
 * for Azure Virtual Machine Scale Set instances" (in Flexible mode since API 2023-09-01). As read 2026-11-30.
 */
export async function scaleSetOutlook(
  connection: Connection,
  { target, signal }: Pick<ActionContext, 'target' | 'signal'>,
  machine: Json,
): Promise<string[]> {
  const id = textAt(machine, 'properties', 'virtualMachineScaleSet', 'id');
  const parsed = parseResourceId(id);
  if (!parsed) return [];
  const [name, group] = [printable(parsed.name, 80), printable(parsed.resourceGroup, 90)];
  const keep = `az vmss update --resource-group ${group} --name ${name} --instance-id ${target.name} --protect-from-scale-set-actions true`;
  const scaling = `${target.name} is in the scale set ${name}, which may delete it when it scales in. Before: ${keep}`;
  let set: Json;
  try {
    const { virtualMachineScaleSets } = await connection.compute(parsed.subscriptionId);
    set = await bounded(connection, signal, (ending) =>
      rawBody((options) =>
        virtualMachineScaleSets.get(parsed.resourceGroup, parsed.name, { ...options, abortSignal: ending }),
      ),
    );
  } catch (error) {
    if (signal.aborted) throw error;
    return [
      scaling,
      `Not seen: whether ${name} repairs VMs that it finds unhealthy (${why(error)}), which may delete ${target.name} once it is locked or off.`,
    ];
  }
  const on = await repairs(connection, id, set, signal);
  if (on === false) return [scaling];
  const policy = (key: string) => textAt(set, 'properties', 'automaticRepairsPolicy', key);
  const does = actions[policy('repairAction').toLowerCase() || 'replace'] ?? 'repairs it';
  const grace = printable(policy('gracePeriod'), 20) || 'PT10M';
  const state = on === null ? ' (whether that is suspended is not seen)' : '';
  return [
    `${name} repairs VMs that its health check finds unhealthy, as one that is locked or off may be: it ${does}, ${grace} after a change${state}. Before: az vmss set-orchestration-service-state --resource-group ${group} --name ${name} --service-name AutomaticRepairs --action Suspend`,
    scaling,
  ];
}
