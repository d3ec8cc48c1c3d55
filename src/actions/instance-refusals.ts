import { parseResourceId } from '../arm/resource-id.ts';
import { type ScaleSetInstance, scaleSetInstanceOf } from '../arm/scale-set-instance.ts';
import type { ActionPlan, Target } from '../playbook/action.ts';
import { refusedPlan } from './refused-plan.ts';

const groupOf = (target: Target): string => parseResourceId(target.id)?.resourceGroup ?? target.resourceGroup;

/**
 * `az` that keeps an instance from scale-in and from what the set does to its instances: upgrades, repairs (Microsoft Learn, "Instance
 * Protection for Azure Virtual Machine Scale Set instances", as read 2026-11-30).
 */
const protectLine = ({ scaleSetName, instance }: ScaleSetInstance, target: Target): string =>
  `az vmss update --resource-group ${groupOf(target)} --name ${scaleSetName} --instance-id ${instance} --protect-from-scale-in true --protect-from-scale-set-actions true`;

type Reason = (instance: ScaleSetInstance, target: Target) => string;

const noBackup: Reason = ({ scaleSetName }) =>
  `Azure Backup does not protect the instances of Uniform scale sets such as ${scaleSetName}. Take a snapshot of the instance's disks instead (playbook snapshot-disks).`;
const noJit: Reason = ({ scaleSetName }) =>
  `Just-in-time access is for VMs, not for the instances of Uniform scale sets. Close the ports in the security groups of ${scaleSetName} and its subnet.`;

const noScripts: Reason = ({ scaleSetName, instance }, target) =>
  `Scripts of cordon run in VMs alone. In an instance: az vmss run-command invoke --resource-group ${groupOf(target)} --name ${scaleSetName} --instance-id ${instance} --command-id RunPowerShellScript (Linux: RunShellScript) --scripts @FILE`;

/**
 * Why an action cannot be done to an instance of a Uniform scale set, and what can be done in its place. An action that
 * is not here does its work by what an instance has like any VM: its disks, its interfaces.
 */
const reasons: ReadonlyMap<string, Reason> = new Map(
  Object.entries<Reason>({
    'nsg.lock': (instance, target) =>
      `Azure does not let the network interface of one instance of a Uniform scale set be changed: it follows the model of ${instance.scaleSetName}. Change the security group of the model or of the subnet, which reaches every instance; keep this one from being scaled in or replaced first: ${protectLine(instance, target)}`,
    'backup.trigger': noBackup,
    'backup.undelete': noBackup,
    'jit.enable': noJit,
    'jit.request': noJit,
    'patches.assess': ({ scaleSetName }) =>
      `Azure assesses no patches of the instances of Uniform scale sets. Look at the image version of ${scaleSetName}.`,
    'patches.install': ({ scaleSetName }) =>
      `Azure installs no patches in the instances of Uniform scale sets. Update the image of ${scaleSetName}.`,
    'public-ip.remove': ({ scaleSetName }) =>
      `The interfaces of an instance follow the model of ${scaleSetName}: take the public address out of the model.`,
    'identity.cut': ({ scaleSetName }) =>
      `The identity is that of the whole scale set ${scaleSetName}, of all of its instances: take its roles away there (az role assignment delete).`,
    'vm.deallocate': ({ scaleSetName, instance }, target) =>
      `An instance of a scale set is switched off through the set, which may put another in its place: az vmss deallocate --resource-group ${groupOf(target)} --name ${scaleSetName} --instance-ids ${instance}`,
    'volatile.collect': noScripts,
    'account.disable': noScripts,
  }),
);

/** The plan that says why an action cannot be done to an instance of a scale set; null where it can, and for VMs. */
export function refusedForInstance(action: string, target: Target): ActionPlan | null {
  const instance = scaleSetInstanceOf(target.id);
  const reason = reasons.get(action);
  if (!instance || !reason) return null;
  return refusedPlan(`${action} of ${target.name}`, 'impossible', reason(instance, target));
}
