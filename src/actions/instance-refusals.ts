import { parseResourceId } from '../arm/resource-id.ts';
import { type ScaleSetInstance, scaleSetInstanceOf } from '../arm/scale-set-instance.ts';
import type { ActionPlan, Target } from '../playbook/action.ts';
import { refusedPlan } from './refused-plan.ts';

/** `az` that keeps an instance from scale-in (Microsoft Learn, "Instance Protection for Azure Virtual Machine Scale Set instances"). */
function protectLine({ scaleSetName, instance }: ScaleSetInstance, target: Target): string {
  const group = parseResourceId(target.id)?.resourceGroup ?? target.resourceGroup;
  return `az vmss update --resource-group ${group} --name ${scaleSetName} --instance-id ${instance} --protect-from-scale-in true`;
}

type Reason = (instance: ScaleSetInstance, target: Target) => string;

const noBackup: Reason = ({ scaleSetName }) =>
  `Azure Backup does not protect the instances of Uniform scale sets such as ${scaleSetName}. Take a snapshot of the instance's disks instead (playbook snapshot-disks).`;
const noJit: Reason = ({ scaleSetName }) =>
  `Just-in-time access is for VMs, not for the instances of Uniform scale sets. Close the ports in the security groups of ${scaleSetName} and its subnet.`;

/**
 * Why an action cannot be done to an instance of a Uniform scale set, and what can be done in its place. An action that
 * is not here does its work by what an instance has like any VM: its disks, its interfaces.
 */
const reasons: Record<string, Reason> = {
  'nsg.lock': (instance, target) =>
    `Azure does not let the network interface of one instance of a Uniform scale set be changed: it follows the model of ${instance.scaleSetName}. Change the security group of the model or of the subnet, which reaches every instance; keep this one from being scaled in first: ${protectLine(instance, target)}`,
  'backup.trigger': noBackup,
  'backup.undelete': noBackup,
  'jit.enable': noJit,
  'jit.request': noJit,
  'patches.assess': ({ scaleSetName }) =>
    `Azure assesses no patches of the instances of Uniform scale sets. Look at the image version of ${scaleSetName}.`,
};

/** The plan that says why an action cannot be done to an instance of a scale set; null where it can, and for VMs. */
export function refusedForInstance(action: string, target: Target): ActionPlan | null {
  const instance = scaleSetInstanceOf(target.id);
  const reason = reasons[action];
  if (!instance || !reason) return null;
  return refusedPlan(`${action} of ${target.name}`, 'impossible', reason(instance, target));
}
