import { shortName } from '../../arm/resource-id.ts';
import { scaleSetInstanceOf } from '../../arm/scale-set-instance.ts';
import type { Fact, Unknown } from '../../documents/fact.ts';
import { unknown } from '../../documents/fact.ts';
import type { EvidenceName, VirtualMachine } from '../../documents/triage.ts';

interface Lack {
  because: string;
  cure: (scaleSet: string) => string;
}

const noPatches: Lack = {
  because:
    'Azure neither assesses nor patches the instances of Uniform scale sets from outside: they are renewed from the set’s image',
  cure: (set) => `look at the image version of ${set} and whether its instances have the latest model`,
};

/**
 * What Azure does not offer for the instances of Uniform scale sets: in-guest patching and Azure Backup ("Orchestration
 * modes for Virtual Machine Scale Sets", Microsoft Learn, of 2024-06-14, read 2026-11-30). Just-in-time policies are
 * documented for VMs alone.
 */
const lacks: { [K in EvidenceName]?: Lack } = {
  patches: noPatches,
  installations: noPatches,
  backup: {
    because: 'Azure Backup does not protect the instances of Uniform scale sets',
    cure: () => 'take snapshots of its disks, which are managed disks like any other',
  },
  jit: {
    because: 'just-in-time access is for VMs, not for the instances of Uniform scale sets',
    cure: (set) => `look at the security groups in the model of ${set} and at its subnet`,
  },
};

/** Why a kind of evidence is not there for this machine at all; null where Azure can be asked. */
export function notOffered(name: EvidenceName, vm: Pick<VirtualMachine, 'id'>, source: string): Unknown | null {
  const instance = scaleSetInstanceOf(vm.id);
  const lack = lacks[name];
  return instance && lack
    ? unknown('unsupported', lack.because, lack.cure(shortName(instance.scaleSet)), source)
    : null;
}

/** A kind of evidence where Azure offers it for this machine; the reason where it does not. */
export async function offered<T>(
  name: EvidenceName,
  vm: Pick<VirtualMachine, 'id'>,
  source: string,
  read: () => Promise<Fact<T>>,
): Promise<Fact<T>> {
  return notOffered(name, vm, source) ?? read();
}
