import type { Finding, ScanRow, VirtualMachine } from '../documents/triage.ts';
import { findingAt, foundFindings, placeOfFinding } from './findings-shown.ts';
import type { PlaybookOffer } from './playbooks/playbooks.ts';
import { postureOrder } from './posture-order.ts';
import { addressesOf, burstInHand, itemCount, type Layer, machineOf, type Pane, tellingInstant, top } from './state.ts';
import type { Holder } from './state-store.ts';
import { selectedRow } from './suspects.ts';
import { foundMoments, momentAt } from './time-line.ts';

const blankSelection: Record<Pane, number> = { ports: 0, logons: 0, patches: 0, posture: 0 };

/** What opening a thing sets going. */
export interface Openings {
  /** Opens the VM's case. */
  open(vm: VirtualMachine): void;
  read(vm: VirtualMachine): void;
  offers(vm: VirtualMachine, findings: Finding[]): PlaybookOffer[];
  /** Starts the playbook at that place of the list. */
  start(vmId: string, index: number): void;
  around(vm: VirtualMachine, instant: string, again: boolean): void;
  trace(vmId: string, address: string): void;
}

/** Opens what is under the cursor: a VM, a detail, what a finding rests on, what an address did. */
export function openingOf(holder: Holder, world: Openings) {
  function openTriage(row: ScanRow): void {
    const known = holder.get().triages.get(row.id);
    holder.push(
      { kind: 'triage', vmId: row.id, pane: 'ports', zoomed: false, selected: blankSelection },
      { selectedVm: row.id, offers: known ? world.offers(known.vm, known.part.findings) : [] },
    );
    world.open(row.vm);
    if (!known || known.state === 'failed') world.read(row.vm);
  }

  function open(): void {
    const state = holder.get();
    const layer = top(state);
    if (layer.kind === 'suspects') {
      const row = selectedRow(state);
      if (row) openTriage(row);
    } else if (layer.kind === 'triage') {
      const index = layer.selected[layer.pane];
      if (itemCount(state.triages.get(layer.vmId)?.part, layer.pane) > 0) {
        holder.push({ kind: 'detail', vmId: layer.vmId, pane: layer.pane, index, scroll: 0 });
        readAround();
      }
    } else if (layer.kind === 'findings') {
      openFinding(layer);
    } else if (layer.kind === 'time-line') {
      const found = foundMoments(state, layer);
      const entry = found[momentAt(found, layer.selected)];
      if (entry) holder.push({ kind: 'moment', vmId: layer.vmId, entry: entry.id, scroll: 0 });
    } else if (layer.kind === 'chooser') {
      world.start(layer.vmId, layer.selected);
    } else if (layer.kind === 'run') {
      const slot = state.runs.find(({ id }) => id === layer.runId);
      if (slot) holder.replaceTop({ ...layer, step: layer.step ?? slot.view.current, opened: true, scroll: 0 });
    }
  }

  /** Opens what the selected finding rests on. */
  function openFinding(layer: Extract<Layer, { kind: 'findings' }>): void {
    const part = holder.get().triages.get(layer.vmId)?.part;
    const found = foundFindings(holder.get(), layer);
    const finding = found[findingAt(found, layer.selected)];
    if (!part || !finding) return;
    const place = placeOfFinding(finding, part);
    if (!place) {
      holder.say('No pane shows what this rests on: the transcript has it.');
      return;
    }
    holder.push({ kind: 'detail', vmId: layer.vmId, ...place, scroll: 0 });
    readAround();
  }

  /** The current VM, its triage opened; null where none is selected. */
  function triageInHand(): string | null {
    const state = holder.get();
    const row = top(state).kind === 'suspects' ? selectedRow(state) : undefined;
    if (row) openTriage(row);
    return machineOf(holder.get());
  }

  /** Reads what is next to the logon that ended the selected burst. */
  function readAround(again = false): void {
    const vmId = machineOf(holder.get());
    const slot = vmId === null ? undefined : holder.get().triages.get(vmId);
    const instant = tellingInstant(burstInHand(holder.get()));
    if (slot && instant !== '') world.around(slot.vm, instant, again);
  }

  function trace(): void {
    const state = holder.get();
    const vmId = machineOf(state);
    const addresses = addressesOf(burstInHand(state));
    const [first] = addresses;
    if (vmId === null || first === undefined) return;
    holder.push({ kind: 'address', vmId, addresses, at: 0, scroll: 0 });
    world.trace(vmId, first);
  }

  function nextAddress(by: number): void {
    const layer = top(holder.get());
    if (layer.kind !== 'address') return;
    const at = (layer.at + by + layer.addresses.length) % layer.addresses.length;
    holder.replaceTop({ ...layer, at, scroll: 0 });
    world.trace(layer.vmId, layer.addresses[at] ?? '');
  }

  /** The detail of the thing after or before: of the pane, of the time line. */
  function nextItem(by: number): void {
    const state = holder.get();
    const layer = top(state);
    if (layer.kind === 'detail') {
      const part = state.triages.get(layer.vmId)?.part;
      const size = itemCount(part, layer.pane);
      if (!part || size === 0) return;
      const order = layer.pane === 'posture' ? postureOrder(part, state.now) : [...Array(size).keys()];
      const index = order[(order.indexOf(layer.index) + by + size) % size] ?? 0;
      holder.replaceTop({ ...layer, index, scroll: 0 });
      readAround();
    } else if (layer.kind === 'moment') {
      const list = state.layers.at(-2);
      const search = list?.kind === 'time-line' ? list.search : '';
      const found = foundMoments(state, { vmId: layer.vmId, search });
      const at = found.findIndex(({ id }) => id === layer.entry);
      const entry = found[(at + by + found.length) % Math.max(1, found.length)];
      if (entry) holder.replaceTop({ ...layer, entry: entry.id, scroll: 0 });
    }
  }

  return { nextItem, openTriage, open, triageInHand, readAround, trace, nextAddress };
}
