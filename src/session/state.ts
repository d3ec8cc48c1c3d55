import type { HalfDone } from '../casefile/half-done.ts';
import type { Fact, Gap } from '../documents/fact.ts';
import type { IncidentInProgress } from '../documents/incident.ts';
import type { AddressTrace, EventsAround } from '../documents/traces.ts';
import type { Burst, ScanRow, VirtualMachine } from '../documents/triage.ts';
import type { ActView } from '../playbook/act.ts';
import type { PlanShown, Prompt, RunView } from '../playbook/run.ts';
import { postureKeys } from '../sources.ts';
import type { TriageInProgress } from '../triage/in-progress.ts';
import type { Sort } from '../words/suspects-columns.ts';
import type { OpenCase } from './cases/case-keeper.ts';
import type { Choices } from './contexts.ts';
import type { OpenedLogs } from './event-logs/event-logs.ts';
import type { PlaybookOffer } from './playbooks/playbooks.ts';
import type { Identity } from './session-readers.ts';

export const panes = ['ports', 'logons', 'patches', 'posture'] as const;
export type Pane = (typeof panes)[number];

/** One thing on the stack of what is open; the last one has the keys. */
export type Layer =
  | { kind: 'suspects' }
  | { kind: 'triage'; vmId: string; pane: Pane; zoomed: boolean; selected: Record<Pane, number> }
  | { kind: 'detail'; vmId: string; pane: Pane; index: number; scroll: number; search: string }
  /** What addresses did, one of them on screen. */
  | { kind: 'address'; vmId: string; addresses: readonly string[]; at: number; scroll: number; search: string }
  /** Everything that has a time; `selected` is an entry's id, null the latest. */
  | { kind: 'findings'; vmId: string; selected: string | null; search: string }
  | { kind: 'time-line'; vmId: string; selected: string | null; search: string }
  /** What leads from the VM to others; `selected` is a row's id, null the first. */
  | { kind: 'incident'; vmId: string; selected: string | null; search: string }
  /** One entry of the time line. */
  | { kind: 'moment'; vmId: string; entry: string; scroll: number; search: string }
  /** Event logs that were opened without a VM. */
  | { kind: 'log-report'; vmId: ''; scroll: number; search: string }
  /** `vmIds`: the VMs that a playbook is chosen for, in the case of `vmId`. */
  | { kind: 'chooser'; vmId: string; vmIds: readonly string[]; selected: number }
  /** `answering`: the prompt that the keys go to, by its key; "" when they go to the view. `step`: the one under the cursor. */
  | { kind: 'run'; runId: number; scroll: number; answering: string; step: number | null; opened: boolean }
  /** A playbook on several VMs, with the same; `selected` is the place of the one that is looked at. */
  | { kind: 'act'; actId: number; selected: number; scroll: number; answering: string }
  /** `selected` null follows the newest entry; `decided` leaves out what was only read and asked. */
  | { kind: 'transcript'; vmId: string; selected: number | null; search: string; decided: boolean }
  /** One entry of the transcript, by its number in the case. */
  | { kind: 'entry'; vmId: string; seq: number; scroll: number; search: string }
  | { kind: 'help'; selected: number; search: string }
  /** `contexts` offers subscriptions, tenants and cases alone. */
  | { kind: 'palette'; offers: 'all' | 'contexts'; text: string; selected: number }
  | {
      kind: 'input';
      purpose: 'filter' | 'note' | 'search' | 'logs' | 'authority' | 'incident';
      text: string;
      before: string;
      vmId: string;
    }
  /** `vmId`: the VM whose opened log is asked about; "" otherwise. */
  | {
      kind: 'confirm';
      prompt: Prompt;
      confirms: 'quit' | 'undo' | 'undo-act' | 'add-log';
      /** The playbook that is asked about, on one VM or on several; -1 for none. */
      runId: number;
      vmId: string;
      words: ConfirmWords;
    };

/** What yes and no mean at a question of the session's own: "undo", "no, keep the lock". */
export interface ConfirmWords {
  yes: string;
  no: string;
}

/** The prompt on screen, and what of it has happened. */
export interface Asked {
  /** Distinguishes one prompt from the next; "" when none is on screen. */
  key: string;
  /** Has the frame that shows it been written to the terminal? */
  shown: boolean;
  /** Has it been there long enough for the user to read it? Only then an answer counts. */
  readable: boolean;
  /** No was said to a playbook's step: what next is asked. */
  declined: boolean;
}

/** The key that came last. */
interface LastKey {
  name: string;
  /** Milliseconds of the session's stopwatch. */
  at: number;
  /** Is it held down? It came again without a pause. */
  held: boolean;
}

export interface Toast {
  text: string;
  tone: 'plain' | 'good' | 'bad';
  /** Milliseconds since 1970. */
  until: number;
}

/** The three questions for one VM, as far as they are answered. */
export interface TriageSlot {
  vm: VirtualMachine;
  /** As Azure reported it. */
  read: TriageInProgress;
  /** As it is shown: with the event log that was opened, when there is one. */
  part: TriageInProgress;
  /** Answers of an earlier reading are still on screen while new ones are awaited. */
  state: 'loading' | 'refreshing' | 'done' | 'failed';
  because: string;
}

/** What leads from a VM to others, as far as it was read. */
export interface IncidentSlot {
  part: IncidentInProgress;
  /** Answers of an earlier reading are still on screen while new ones are awaited. */
  state: 'loading' | 'refreshing' | 'done' | 'failed';
  because: string;
  /** When it was read to its end; "" before that. */
  asOf: string;
}

/** A playbook on several VMs in one act. */
export interface ActSlot {
  id: number;
  /** The VM in whose case it is. */
  caseVmId: string;
  view: ActView;
  /** The playbooks on its VMs by the VM's id, once all were confirmed. */
  runIds: ReadonlyMap<string, number>;
}

/** Event logs that are being read, or were. */
export interface LogsSlot {
  /** 0 to 1 while they are read; null when nothing is. */
  reading: number | null;
  /** Those that count, in the order in which they were opened. */
  opened: readonly OpenedLogs[];
  /** One that does not fit the VM, until the user has said whether it counts. */
  asked: OpenedLogs | null;
}

/** Event logs that are read, or were, without a VM. */
export interface LogReport {
  /** The files, as the user named them. */
  typed: string;
  /** 0 to 1 while they are read; null once that has ended. */
  reading: number | null;
  lines: readonly string[];
  /** Why they could not be read; "" when they could. */
  because: string;
  /** When the reading began; ISO 8601 UTC. */
  asOf: string;
}

export interface CaseSlot {
  state: 'opening' | 'open' | 'failed';
  openCase: OpenCase | null;
  because: string;
}

export interface RunSlot {
  id: number;
  vmId: string;
  view: RunView;
  /** When the current step began its present state; ISO 8601 UTC. */
  since: string;
  undoing: boolean;
  /** Another process did it: it is here to be undone. */
  earlier: boolean;
  /** The ports that were open to the Internet when it began; null when that was not known. */
  openBefore: readonly string[] | null;
}

export interface SessionState {
  now: Date;
  columns: number;
  rows: number;
  readOnly: boolean;
  demo: boolean;
  /** The scope that is read: "contoso-prod +1 subscription". */
  scope: string;
  identity: Identity | null;
  /** What can be looked at instead, as it was read last; null before. */
  choices: Choices | null;
  layers: readonly Layer[];
  scan: {
    rows: readonly ScanRow[];
    notSeen: readonly string[];
    state: 'loading' | 'refreshing' | 'done' | 'failed';
    because: string;
    /** ISO 8601 UTC; "" before the first document. */
    asOf: string;
    /** Why no VM could be listed at all, and what to do; null when they could. */
    notListed: Gap | null;
  };
  filter: string;
  sort: Sort;
  /** The other way round. */
  reversed: boolean;
  /** Counts how often the whole screen was asked for again. */
  redraws: number;
  /** Ids of the VMs that are marked, for what is done to several. */
  marked: ReadonlySet<string>;
  /** The VM under the cursor of the suspects list; null: the first. */
  selectedVm: string | null;
  triages: ReadonlyMap<string, TriageSlot>;
  /** What leads from a VM to others, by the VM's id. */
  incidents: ReadonlyMap<string, IncidentSlot>;
  cases: ReadonlyMap<string, CaseSlot>;
  /** Exported event logs by the id of the VM whose they are. */
  logs: ReadonlyMap<string, LogsSlot>;
  /** The event logs that were opened last without a VM; null when none were. */
  logReport: LogReport | null;
  /** Traces of addresses in the logs, by the address; null while it is awaited. */
  traces: ReadonlyMap<string, Fact<AddressTrace> | null>;
  /** Events next to an instant, by `aroundKey`; null while they are awaited. */
  around: ReadonlyMap<string, Fact<EventsAround> | null>;
  offers: readonly PlaybookOffer[];
  runs: readonly RunSlot[];
  acts: readonly ActSlot[];
  /** What earlier sessions left half-done in Azure. */
  halfDone: readonly HalfDone[];
  /** Text typed into the current prompt. */
  typed: string;
  /** The cursor in the text that is typed, from its end; and how far back in what was entered before. */
  typing: { fromEnd: number; recalled: number };
  /** Earlier entries, the newest last, by the input's purpose. */
  entered: ReadonlyMap<string, readonly string[]>;
  /** Seconds between readings that begin by themselves; null: none does. */
  autoRefresh: number | null;
  /** Heads of the columns of the suspects list that are wanted; null: all. */
  columnsWanted: readonly string[] | null;
  /** The local time is beside UTC. */
  localTime: boolean;
  /** Why the last answer to the prompt was refused; "". */
  refusal: string;
  toast: Toast | null;
  /** What the user has to do to sign in; "" for nothing. */
  signIn: string;
  asked: Asked;
  lastKey: LastKey;
  /** The user let a playbook go on and has pressed no key since: its next prompt is the one expected. */
  awaited: boolean;
  closing: boolean;
}

/** The layer that has the keys. */
export function top(state: SessionState): Layer {
  return state.layers.at(-1) ?? { kind: 'suspects' };
}

/** The layer that is drawn: inputs and confirmations are in the view below them. */
export function drawn(state: SessionState): Layer {
  for (let at = state.layers.length - 1; at >= 0; at -= 1) {
    const layer = state.layers[at];
    if (layer && layer.kind !== 'input' && layer.kind !== 'confirm') return layer;
  }
  return { kind: 'suspects' };
}

/** The layer under help and palette: the one whose actions they offer. */
export function beneath(state: SessionState): Layer {
  for (let at = state.layers.length - 1; at >= 0; at -= 1) {
    const layer = state.layers[at];
    if (layer && !['input', 'confirm', 'help', 'palette'].includes(layer.kind)) return layer;
  }
  return { kind: 'suspects' };
}

/** What the playbook on screen shows, on one VM or on several; undefined where none is. */
function playbookInHand(state: SessionState): RunView | ActView | undefined {
  const layer = top(state);
  if (layer.kind === 'run') return runOf(state, layer.runId)?.view;
  return layer.kind === 'act' ? actOf(state, layer.actId)?.view : undefined;
}

/** The prompt that is asked now: the session's own, or that of the playbook on screen. */
export function promptInHand(state: SessionState): Prompt | null {
  const layer = top(state);
  return layer.kind === 'confirm' ? layer.prompt : (playbookInHand(state)?.prompt ?? null);
}

/** The digest of the whole plan that the prompt on screen belongs to; null before it is made, and where there is none. */
export const planInHand = (state: SessionState): PlanShown | null => playbookInHand(state)?.plan ?? null;

/** Is it a playbook, on one VM or on several? Only these have prompts that wait. */
export function isPlaybook(layer: Layer): layer is Extract<Layer, { kind: 'run' | 'act' }> {
  return layer.kind === 'run' || layer.kind === 'act';
}

/** The playbook on one VM with that number. */
export function runOf(state: Pick<SessionState, 'runs'>, id: number): RunSlot | undefined {
  return state.runs.find((one) => one.id === id);
}

/** The playbook on several VMs with that number. */
export function actOf(state: Pick<SessionState, 'acts'>, id: number): ActSlot | undefined {
  return state.acts.find((one) => one.id === id);
}

/** "lock-nsg on 2 VMs" */
export const actTitle = ({ view }: ActSlot): string => `${view.playbook} on ${view.members.length} VMs`;

const keyOfPrompt = (owner: string, prompt: Prompt) =>
  `${owner} · ${prompt.step} · ${prompt.expects} · ${prompt.question}`;

/** Distinguishes one prompt from the next; "" when none is asked. */
export function promptKey(state: SessionState): string {
  const prompt = promptInHand(state);
  if (!prompt) return '';
  const layer = top(state);
  if (layer.kind === 'run') return keyOfPrompt(`run ${layer.runId}`, prompt);
  return keyOfPrompt(layer.kind === 'act' ? `act ${layer.actId}` : 'session', prompt);
}

/** The playbook as a view that was opened by hand: a prompt that waits there gets the keys. */
export function runLayer(state: SessionState, runId: number): Extract<Layer, { kind: 'run' }> {
  const prompt = runOf(state, runId)?.view.prompt;
  const answering = prompt ? keyOfPrompt(`run ${runId}`, prompt) : '';
  return { kind: 'run', runId, scroll: 0, answering, step: null, opened: false };
}

/** The same of a playbook on several VMs. */
export function actLayer(state: SessionState, actId: number): Extract<Layer, { kind: 'act' }> {
  const prompt = actOf(state, actId)?.view.prompt;
  const answering = prompt ? keyOfPrompt(`act ${actId}`, prompt) : '';
  return { kind: 'act', actId, selected: 0, scroll: 0, answering };
}

/** Do the keys go to the prompt on screen? */
export function promptHasKeys(state: SessionState): boolean {
  const layer = top(state);
  if (layer.kind === 'confirm') return true;
  return isPlaybook(layer) && layer.answering !== '' && layer.answering === promptKey(state);
}

/** Has the playbook come to an end? Then its steps are a list, each of which can be opened. */
export function runIsOver({ view }: RunSlot): boolean {
  return view.outcome !== 'running';
}

/**
 * The step that is looked at: the one under the cursor, else the current one; of a playbook that is over the one that failed, or
 * the first.
 */
export function stepInView({ step }: Extract<Layer, { kind: 'run' }>, slot: RunSlot): number {
  if (step !== null) return step;
  // One that was stopped goes on where it ended.
  if (!runIsOver(slot) || slot.view.outcome === 'cancelled') return slot.view.current;
  return Math.max(
    0,
    slot.view.steps.findIndex(({ state }) => state === 'failed'),
  );
}

/** Decides which keys are bound. */
export type Mode = Exclude<Layer['kind'], 'confirm'> | 'prompt-key' | 'prompt-text' | 'prompt-next';

/** The mode of the keys. */
export function modeOf(state: SessionState): Mode {
  const prompt = promptInHand(state);
  if (prompt && promptHasKeys(state)) {
    if (state.asked.declined) return 'prompt-next';
    return prompt.expects === 'y' ? 'prompt-key' : 'prompt-text';
  }
  const layer = top(state);
  return layer.kind === 'confirm' ? 'prompt-key' : layer.kind;
}

/** The VM that the open views are about; null in the suspects list. */
export function machineOf(state: SessionState): string | null {
  for (let at = state.layers.length - 1; at >= 0; at -= 1) {
    const layer = state.layers[at];
    if (layer?.kind === 'act') return actOf(state, layer.actId)?.caseVmId ?? null;
    if (layer?.kind === 'run') return runOf(state, layer.runId)?.vmId ?? null;
    if (layer && 'vmId' in layer && layer.vmId !== '') return layer.vmId;
  }
  return null;
}

/** How many things can be selected in a pane of a triage. */
export function itemCount(part: TriageInProgress | undefined, pane: Pane): number {
  if (!part) return 0;
  if (pane === 'ports') return part.exposure?.state === 'known' ? part.exposure.value.ports.length : 0;
  if (pane === 'logons') return part.logons?.state === 'known' ? part.logons.value.bursts.length : 0;
  if (pane === 'patches') {
    const missing = part.patches?.state === 'known' ? part.patches.value.missing.length : 0;
    const software = part.posture.software;
    return missing + (software?.state === 'known' ? software.value.vulnerabilities.length : 0);
  }
  return postureKeys.length;
}

/** Names the events next to an instant on one VM. */
export const aroundKey = (vmId: string, instant: string): string => `${vmId.toLowerCase()}\n${instant}`;

/** The instant of a burst whose neighbouring events are worth reading: its first success; "" when there is none. */
export function tellingInstant(burst: Burst | undefined): string {
  return burst?.success.state === 'known' ? (burst.success.value?.at ?? '') : '';
}

/** The burst under the cursor or on screen. */
export function burstInHand(state: SessionState): Burst | undefined {
  const layer = beneath(state);
  if ((layer.kind !== 'triage' && layer.kind !== 'detail') || layer.pane !== 'logons') return undefined;
  const logons = state.triages.get(layer.vmId)?.part.logons;
  const index = layer.kind === 'detail' ? layer.index : layer.selected.logons;
  return logons?.state === 'known' ? logons.value.bursts[index] : undefined;
}

/** The addresses behind a burst that can be followed: those with a successful logon first. */
export function addressesOf(burst: Burst | undefined): string[] {
  const success = burst?.success.state === 'known' ? burst.success.value?.address : undefined;
  const named = [success ?? '', ...(burst?.sources ?? []).map(({ address }) => address)];
  return [...new Set(named)].filter((address) => address !== '' && address !== '-');
}
