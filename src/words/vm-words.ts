import type { VirtualMachine } from '../documents/triage.ts';

/** "Win 2019" for "Windows Server 2019 Datacenter": what fits a column. */
export function shortOs(vm: VirtualMachine): string {
  if (vm.osName === '') return vm.os === 'windows' ? 'Windows' : 'Linux';
  return vm.osName
    .replace(/Windows Server/i, 'Win')
    .replace(/Windows/i, 'Win')
    .replace(/Datacenter.*$/i, '')
    .trim();
}

/** "on", "off", or Azure's word for something between. */
export function powerWord(power: VirtualMachine['power']): string {
  if (power === 'running') return 'on';
  if (power === 'stopped' || power === 'deallocated') return 'off';
  return power === 'unknown' ? '?' : power;
}
