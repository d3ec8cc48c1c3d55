import type { ScanRow, VirtualMachine } from '../documents/triage.ts';
import type { SessionState } from './state.ts';

/** The list that was asked last, and its VMs by their ids in lower case: a screen asks for many of a large fleet. */
let listing: { rows: readonly ScanRow[]; vms: ReadonlyMap<string, VirtualMachine> } = { rows: [], vms: new Map() };

function listedVm(rows: readonly ScanRow[], key: string): VirtualMachine | undefined {
  if (listing.rows !== rows) {
    listing = { rows, vms: new Map(rows.toReversed().map(({ id, vm }) => [id.toLowerCase(), vm])) };
  }
  return listing.vms.get(key);
}

/** The VM with that id, among those that were listed or triaged; logs and Azure write ids in any case. */
export function vmInReach(
  { triages, scan }: Pick<SessionState, 'triages' | 'scan'>,
  id: string,
): VirtualMachine | undefined {
  const key = id.toLowerCase();
  const opened = [...triages.values()].find(({ vm }) => vm.id.toLowerCase() === key);
  return opened?.vm ?? listedVm(scan.rows, key);
}
