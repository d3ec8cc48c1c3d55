import type { VirtualMachine } from '../documents/triage.ts';
import type { Found } from '../triage/found-in-list.ts';
import { entryInHand, foundEntries } from './cases/found-entries.ts';
import type { Handlers } from './commands.ts';
import { findingAt, foundFindings, placeOfFinding } from './findings-shown.ts';
import { incidentRowInHand, leadsTo, whyNotOpened } from './incident-rows.ts';
import { foundOn } from './playbooks/found-on.ts';
import type { PlaybookOffer } from './playbooks/playbooks.ts';
import { postureOrder } from './posture-order.ts';
import {
  actOf,
  addressesOf,
  burstInHand,
  itemCount,
  type Layer,
  machineOf,
  type Pane,
  runLayer,
  runOf,
  stepInView,
  tellingInstant,
  top,
} from './state.ts';
import type { Holder } from './state-store.ts';
import { selectedRow } from './suspects.ts';
import { foundMoments, momentAt } from './time-line.ts';
import { vmInReach } from './vm-in-reach.ts';

const blankSelection: Record<Pane, number> = { ports: 0, logons: 0, patches: 0, posture: 0 };

/** What opening a thing sets going. */
export interface Openings {
  /** Opens the VM's case. */
  open(vm: VirtualMachine): void;
  read(vm: VirtualMachine): void;
  /** Goes on with the VM in the case of another one. */
  join(vm: VirtualMachine, caseVmId: string): void;
  /** Reads what leads from the VM to others, unless that was done. */
  incident(vm: VirtualMachine): void;
  offers(vm: VirtualMachine, findings: readonly Found[]): PlaybookOffer[];
  /** Starts the playbook at that place of the list. */
  start(vmId: string, index: number): void;
  around(vm: VirtualMachine, instant: string, again: boolean): void;
  trace(vmId: string, address: string): void;
}

/** Of a list that goes on at its other end, the one so far after the one in hand, or before it. */
function besideIn<T>(found: readonly T[], isInHand: (one: T) => boolean, by: number): T | undefined {
  return found[(found.findIndex(isInHand) + by + found.length) % Math.max(1, found.length)];
}

/** Opens what is under the cursor: a VM, a detail, what a finding rests on, what an address did. */
export class Opening {
  readonly #holder: Holder;
  readonly #world: Openings;

  readonly commands = {
    open: () => this.#open(),
    'open-vm': ({ id }) => {
      const row = this.#holder.get().scan.rows.find((one) => one.id === id);
      if (row) this.openTriage(row.vm);
    },
    'next-item': ({ by }) => this.#nextItem(by),
    trace: () => this.#trace(),
    'next-address': ({ by }) => this.#nextAddress(by),
    findings: () => this.#openList('findings'),
    'time-line': () => this.#openList('time-line'),
    incident: () => this.#openIncident(),
    playbooks: () => this.#openChooser(),
  } satisfies Partial<Handlers>;

  constructor(holder: Holder, world: Openings) {
    this.#holder = holder;
    this.#world = world;
  }

  /** Reads what is next to the logon that ended the selected burst. */
  readAround(again = false): void {
    const state = this.#holder.get();
    const vmId = machineOf(state);
    const slot = vmId === null ? undefined : state.triages.get(vmId);
    const instant = tellingInstant(burstInHand(state));
    if (slot && instant !== '') this.#world.around(slot.vm, instant, again);
  }

  /** Opens the VM with its case, and reads it unless that was done. */
  openTriage(vm: VirtualMachine): void {
    const known = this.#holder.get().triages.get(vm.id);
    this.#holder.push(
      { kind: 'triage', vmId: vm.id, pane: 'ports', zoomed: false, selected: blankSelection },
      {
        selectedVm: vm.id,
        offers: known ? this.#world.offers(known.vm, foundOn(this.#holder.get(), [known.vm.id])) : [],
      },
    );
    this.#world.open(vm);
    if (!known || known.state === 'failed') this.#world.read(vm);
  }

  #open(): void {
    const state = this.#holder.get();
    const layer = top(state);
    if (layer.kind === 'suspects') {
      const row = selectedRow(state);
      if (row) this.openTriage(row.vm);
    } else if (layer.kind === 'triage') {
      const index = layer.selected[layer.pane];
      if (itemCount(state.triages.get(layer.vmId)?.part, layer.pane) > 0) {
        this.#openDetail(layer.vmId, { pane: layer.pane, index });
      }
    } else if (layer.kind === 'findings') {
      this.#openFinding(layer);
    } else if (layer.kind === 'time-line') {
      const found = foundMoments(state, layer);
      const entry = found[momentAt(found, layer.selected)];
      if (entry) this.#holder.push({ kind: 'moment', vmId: layer.vmId, entry: entry.id, scroll: 0, search: '' });
    } else if (layer.kind === 'transcript') {
      const entry = entryInHand(state, layer);
      if (entry) this.#holder.push({ kind: 'entry', vmId: layer.vmId, seq: entry.seq, scroll: 0, search: '' });
    } else if (layer.kind === 'incident') {
      this.#openFromIncident(layer);
    } else if (layer.kind === 'act') {
      const vmId = actOf(state, layer.actId)?.view.members[layer.selected]?.vm.id ?? '';
      const runId = actOf(state, layer.actId)?.runIds.get(vmId);
      if (runId !== undefined) this.#holder.push(runLayer(state, runId));
    } else if (layer.kind === 'chooser') {
      this.#world.start(layer.vmId, layer.selected);
    } else if (layer.kind === 'run') {
      const slot = runOf(state, layer.runId);
      if (slot) this.#holder.replaceTop({ ...layer, step: stepInView(layer, slot), opened: true, scroll: 0 });
    }
  }

  /** Shows what leads from the VM on screen to others. */
  #openIncident(): void {
    const vmId = this.#triageInHand();
    const slot = vmId === null ? undefined : this.#holder.get().triages.get(vmId);
    if (!slot || vmId === null) return;
    this.#holder.push({ kind: 'incident', vmId, selected: null, search: '' });
    this.#world.incident(slot.vm);
  }

  /** Opens the VM that a row of an incident leads to, in the incident's case. */
  #openFromIncident(layer: Extract<Layer, { kind: 'incident' }>): void {
    const state = this.#holder.get();
    const row = incidentRowInHand(state, layer);
    if (!row) return;
    const id = leadsTo(row);
    const vm = id === '' ? undefined : vmInReach(state, id);
    if (vm?.id === layer.vmId && state.layers.at(-2)?.kind === 'triage') this.#holder.pop();
    else if (vm) {
      this.#world.join(vm, layer.vmId);
      this.openTriage(vm);
    } else this.#holder.say(whyNotOpened(row));
  }

  #openDetail(vmId: string, place: { pane: Pane; index: number }): void {
    this.#holder.push({ kind: 'detail', vmId, ...place, scroll: 0, search: '' });
    this.readAround();
  }

  /** Opens what the selected finding rests on. */
  #openFinding(layer: Extract<Layer, { kind: 'findings' }>): void {
    const state = this.#holder.get();
    const part = state.triages.get(layer.vmId)?.part;
    const found = foundFindings(state, layer);
    const finding = found[findingAt(found, layer.selected)];
    if (!part || !finding) return;
    const place = placeOfFinding(finding, part);
    if (place) this.#openDetail(layer.vmId, place);
    else this.#holder.say('No pane shows what this rests on: the transcript has it.');
  }

  #openList(kind: 'findings' | 'time-line'): void {
    const vmId = this.#triageInHand();
    if (vmId !== null) this.#holder.push({ kind, vmId, selected: null, search: '' });
  }

  #openChooser(): void {
    const state = this.#holder.get();
    const { kind } = top(state);
    // With marks the first marked VM is in hand.
    const vmIds = kind === 'suspects' || kind === 'incident' ? [...state.marked] : [];
    const [first] = kind === 'suspects' ? vmIds : [];
    if (first !== undefined && !state.marked.has(selectedRow(state)?.id ?? '')) this.#holder.set({ selectedVm: first });
    const vmId = this.#triageInHand();
    const slot = vmId === null ? undefined : this.#holder.get().triages.get(vmId);
    if (!slot || vmId === null) return;
    const chosenFor = vmIds.length > 0 ? vmIds : [vmId];
    this.#holder.push(
      { kind: 'chooser', vmId, vmIds: chosenFor, selected: 0 },
      { offers: this.#world.offers(slot.vm, foundOn(this.#holder.get(), chosenFor)) },
    );
  }

  /** The current VM, its triage opened; null where none is selected. */
  #triageInHand(): string | null {
    const state = this.#holder.get();
    const row = top(state).kind === 'suspects' ? selectedRow(state) : undefined;
    if (row) this.openTriage(row.vm);
    return machineOf(this.#holder.get());
  }

  #trace(): void {
    const state = this.#holder.get();
    const vmId = machineOf(state);
    const addresses = addressesOf(burstInHand(state));
    const [first] = addresses;
    if (vmId === null || first === undefined) return;
    this.#holder.push({ kind: 'address', vmId, addresses, at: 0, scroll: 0, search: '' });
    this.#world.trace(vmId, first);
  }

  #nextAddress(by: number): void {
    const layer = top(this.#holder.get());
    if (layer.kind !== 'address') return;
    const at = (layer.at + by + layer.addresses.length) % layer.addresses.length;
    this.#holder.replaceTop({ ...layer, at, scroll: 0 });
    this.#world.trace(layer.vmId, layer.addresses[at] ?? '');
  }

  /** The detail of the thing after or before: of the pane, of the time line. */
  #nextItem(by: number): void {
    const state = this.#holder.get();
    const layer = top(state);
    if (layer.kind === 'detail') {
      const part = state.triages.get(layer.vmId)?.part;
      const size = itemCount(part, layer.pane);
      if (!part || size === 0) return;
      const order = layer.pane === 'posture' ? postureOrder(part, state.now) : [...Array(size).keys()];
      const index = order[(order.indexOf(layer.index) + by + size) % size] ?? 0;
      this.#holder.replaceTop({ ...layer, index, scroll: 0 });
      this.readAround();
    } else if (layer.kind === 'moment') {
      const list = state.layers.at(-2);
      const search = list?.kind === 'time-line' ? list.search : '';
      const found = foundMoments(state, { vmId: layer.vmId, search });
      const entry = besideIn(found, ({ id }) => id === layer.entry, by);
      if (entry) this.#holder.replaceTop({ ...layer, entry: entry.id, scroll: 0 });
    } else if (layer.kind === 'entry') {
      const list = state.layers.at(-2);
      const of = list?.kind === 'transcript' ? list : { search: '', decided: false };
      const found = foundEntries(state.cases.get(layer.vmId)?.openCase, of);
      const entry = besideIn(found, ({ seq }) => seq === layer.seq, by);
      if (entry) this.#holder.replaceTop({ ...layer, seq: entry.seq, scroll: 0 });
    }
  }
}
