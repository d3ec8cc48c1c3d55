import type { HalfDone } from '../casefile/half-done.ts';
import { caseCommands, enterNote, stampCase } from './cases/case-commands.ts';
import type { CaseKeeper } from './cases/case-keeper.ts';
import { CaseWriting } from './cases/case-writing.ts';
import { incidentFact } from './cases/incident-fact.ts';
import { type Clipboard, clipboardCommands } from './clipboard.ts';
import { type Command, type Handlers, handle } from './commands.ts';
import { ContextChoosing } from './context-choosing.ts';
import type { Contexts } from './contexts.ts';
import type { EventLogs } from './event-logs/event-logs.ts';
import { OpenedLogReading } from './event-logs/opened-logs.ts';
import { initialState, type StartOptions } from './initial-state.ts';
import { Leaving, lastWords, leavePlaybooks } from './leaving.ts';
import { navigationCommands } from './navigation.ts';
import { Opening } from './opening.ts';
import { jobsOf } from './playbooks/jobs.ts';
import { PlaybookActs } from './playbooks/playbook-acts.ts';
import { PlaybookChooser } from './playbooks/playbook-chooser.ts';
import { PlaybookStarts } from './playbooks/playbook-starts.ts';
import { PlaybookUndo } from './playbooks/playbook-undo.ts';
import type { Playbooks } from './playbooks/playbooks.ts';
import { RunSlots } from './playbooks/run-slots.ts';
import { PromptAnswers } from './prompts/prompt-answers.ts';
import { readingTime, type Stopwatch } from './prompts/reading-time.ts';
import { fleetReading } from './readings/fleet-reading.ts';
import { IncidentReadings } from './readings/incident-reading.ts';
import { LogLookups } from './readings/log-lookups.ts';
import { Refresh, readIdentity } from './readings/refresh.ts';
import { VmReading } from './readings/vm-reading.ts';
import type { Reader } from './session-readers.ts';
import { beneath, type SessionState, top } from './state.ts';
import { type Holder, holdState, screenCommands, sentence } from './state-store.ts';
import { suspectsCommands } from './suspects-commands.ts';
import { TextInput } from './text-input.ts';

/** All that the session does to the world goes through these. */
export interface SessionPorts {
  reader: Reader;
  cases: CaseKeeper;
  playbooks: Playbooks;
  contexts: Contexts;
  clipboard: Clipboard;
  eventLogs: EventLogs;
  /** Measures how long a prompt has been on screen. */
  stopwatch: Stopwatch;
  /** Lets a text be written in the user's editor; null when it was left unchanged. Rejects when there is none. */
  editor(text: string): Promise<string | null>;
  /** Stops this process until the shell continues it; the terminal is the shell's meanwhile. */
  suspend(): void;
  /** Called once, when the user leaves. */
  quit(): void;
}

export interface SessionOptions extends StartOptions {
  /** What earlier sessions left half-done in Azure; asked once, when the session starts. */
  halfDone?: () => Promise<HalfDone[]>;
  /** Asks for it, where it is not known yet. */
  readScope?: () => Promise<string>;
}

/** The workbench's state and the only way to change it. */
export interface Session {
  state(): SessionState;
  subscribe(listener: () => void): () => void;
  /** Takes effect before it returns; what has to be asked of Azure or the disk arrives later. */
  dispatch(command: Command): void;
  /** Begins to read: who we are, and every VM in reach. */
  start(): void;
  /** Resolves when the user has left. */
  left: Promise<void>;
  /** Lines that explain one exposed port. */
  explain(vmId: string, portIndex: number): { label: string; text: string }[];
  /** What goes on without cordon, one sentence each, for the last words after the screen is gone. */
  lastWords(): string[];
  /** Paths of the transcripts that this session writes. */
  transcripts(): string[];
  /** Stops reading and closes the case files; resolves when everything is on disk. Never rejects. */
  close(): Promise<void>;
}

/** What reads from Azure and writes to the cases, and what changes Azure. */
function workersOf(holder: Holder, { reader, playbooks, cases: keeper }: SessionPorts) {
  const cases = new CaseWriting(holder, keeper);
  const lookups = new LogLookups(holder, reader, cases);
  const vms = new VmReading(holder, reader, {
    arrived(part, settled) {
      chooser.arrived(part);
      cases.record(part, settled);
    },
    asked: (vmId, query) => cases.recordQuery(vmId, query),
  });
  const slots = new RunSlots(holder, () => reader.now());
  // A new reading shows the change.
  const changed = (vmId: string) => {
    const { triages, closing } = holder.get();
    const slot = triages.get(vmId);
    if (slot && !closing) vms.read(slot.vm);
  };
  const starts = new PlaybookStarts(holder, playbooks, slots, changed);
  const acts = new PlaybookActs(holder, playbooks, slots, cases, { read: (vm) => vms.read(vm), changed });
  const incidents = new IncidentReadings(holder, reader, {
    triaged(first, document) {
      // What an incident reached belongs to its case.
      cases.join(document.vm, first.id);
      vms.take(document);
    },
    read(firstId, document) {
      const { name, summary, fact } = incidentFact(document);
      cases.keepFact(firstId, name, summary, fact);
    },
    asked: (vmId, query) => cases.recordQuery(vmId, query),
  });
  const undos = new PlaybookUndo(holder, playbooks, slots, changed);
  const chooser = new PlaybookChooser(holder, playbooks, {
    start: (vmId, index) => starts.start(vmId, index),
    startAll: (vmId, offer, vms) => acts.start(vmId, offer, vms),
  });
  return { cases, lookups, vms, fleet: fleetReading(holder, reader), incidents, slots, starts, acts, undos, chooser };
}

type Workers = ReturnType<typeof workersOf>;

/** What turns the user's input into work: views that open, text, answers, refreshes. */
function controlsOf(holder: Holder, ports: SessionPorts, options: SessionOptions, workers: Workers) {
  const { cases, lookups, vms, fleet, incidents, slots, starts, acts, undos, chooser } = workers;
  const opening = new Opening(holder, {
    open: (vm) => cases.open(vm),
    read: (vm) => vms.read(vm),
    join: (vm, caseVmId) => cases.join(vm, caseVmId),
    incident: (vm) => incidents.read(vm, false),
    offers: (vm, findings) => ports.playbooks.list(vm, findings),
    start: (vmId, index) => chooser.start(vmId, index),
    around: (vm, instant, again) => void lookups.around(vm, instant, again),
    trace: (vmId, address) => void lookups.trace(vmId, address),
  });
  const openedLogs = new OpenedLogReading(holder, ports.eventLogs, {
    record: (vmId, name, summary, fact) => cases.keepFact(vmId, name, summary, fact),
    changed(vmId) {
      vms.show(vmId);
      if (top(holder.get()).kind === 'detail') opening.readAround();
    },
  });
  const leaving = new Leaving(holder, () => ports.quit());
  const noStep = () => holder.say('One answer is for all: x stops here, Enter goes back to the question.');
  const asker = () => {
    const act = acts.onScreen()?.act;
    if (!act) return slots.onScreen()?.run ?? null;
    return { answer: (text: string) => act.answer(text), skip: noStep, cancel: () => act.cancel() };
  };
  const prompts = new PromptAnswers(holder, asker, {
    leave: () => leaving.leave(),
    undo: (runId) => void undos.undo(runId),
    undoAct: (actId) => undos.undoAct(actId),
    addLog: (vmId) => openedLogs.add(vmId),
    leaveLogOut: (vmId) => openedLogs.leaveOut(vmId),
  });
  const text = new TextInput(holder, {
    answerable: () => prompts.answerable(),
    submitAnswer: () => prompts.submit(),
    openLogs: (vmId, typed) => void openedLogs.open(vmId, typed),
    enterNote: (vmId, note) => enterNote(holder, cases, vmId, note),
    stampCase: (vmId, authority) => void stampCase(holder, vmId, authority),
    postCase: (vmId, incident) => starts.post(vmId, incident),
    complete: (typed) => ports.eventLogs.complete(typed),
    editor: (note) => ports.editor(note),
  });
  const refresh = new Refresh(holder, ports, options.refreshSeconds, {
    fleet: () => fleet.read(),
    vm: (vm) => vms.read(vm),
    incident: (vm) => incidents.read(vm, true),
    around: () => opening.readAround(true),
    trace: (vmId, address) => void lookups.trace(vmId, address, true),
  });
  const contexts = new ContextChoosing(holder, ports.contexts, cases, {
    identity: () => readIdentity(holder, ports.reader),
    fleet: () => fleet.read(),
    openVm: (vm) => opening.openTriage(vm),
  });
  return {
    contexts,
    opening,
    openedLogs,
    leaving,
    prompts,
    text,
    refresh,
    reading: readingTime(holder, ports.stopwatch),
  };
}

/** Reads who is signed in, every VM in reach, and what earlier sessions left half-done. */
function begin(holder: Holder, ports: SessionPorts, options: SessionOptions): void {
  options.readScope?.().then(
    (scope) => holder.set({ scope }),
    // The list says why Azure does not answer.
    () => holder.set({ scope: 'no subscription could be read' }),
  );
  readIdentity(holder, ports.reader);
  options.halfDone?.().then(
    (halfDone) => {
      holder.set({ halfDone });
      const [first] = halfDone;
      if (!first) return;
      const more = halfDone.length > 1 ? ` (and ${halfDone.length - 1} more)` : '';
      holder.say(`Left half-done by an earlier session${more}: ${first.text}. ${first.command}`, 'bad');
    },
    (error: unknown) => holder.say(`What earlier sessions left could not be read: ${sentence(error)}`, 'bad'),
  );
}

export function createSession(ports: SessionPorts, options: SessionOptions): Session {
  const { reader } = ports;
  const now = () => reader.now();
  const holder = holdState(initialState(options, now(), reader.simulated), now);
  const workers = workersOf(holder, ports);
  const { cases, lookups, vms, fleet, incidents, slots, starts, acts, undos, chooser } = workers;
  const controls = controlsOf(holder, ports, options, workers);
  const { contexts, opening, openedLogs, leaving, prompts, text, refresh, reading } = controls;
  const handlers: Handlers = {
    ...screenCommands(holder),
    ...navigationCommands(holder, () => chooser.offerAgain()),
    ...suspectsCommands(holder),
    ...clipboardCommands(holder, ports.clipboard),
    ...caseCommands(holder, cases),
    ...opening.commands,
    ...contexts.commands,
    suspend: () => ports.suspend(),
    ...openedLogs.commands,
    ...chooser.commands,
    resume: () => (acts.onScreen() ? acts.resume() : starts.resume()),
    keep: () => {
      const runIds = [...(acts.onScreen()?.slot.runIds.values() ?? [])];
      if (runIds.length === 0) slots.onScreen()?.run.keep();
      for (const id of runIds) slots.run(id)?.keep();
    },
    ...undos.commands,
    ...prompts.commands,
    ...reading.commands,
    ...text.commands,
    ...refresh.commands,
    ...leaving.commands,
  };
  return {
    state: holder.get,
    subscribe: holder.subscribe,
    dispatch: (command) => handle(handlers, command),
    left: leaving.left,
    start() {
      begin(holder, ports, options);
      fleet.read();
      refresh.start();
    },
    explain(vmId, portIndex) {
      const part = holder.get().triages.get(vmId)?.part;
      return part ? reader.explain(part, portIndex) : [];
    },
    lastWords: () => lastWords(holder.get()),
    transcripts: () => cases.transcripts(),
    async close() {
      holder.note({ closing: true });
      for (const part of [reading, refresh, fleet, vms, incidents, lookups, openedLogs]) part.stop();
      await Promise.all([starts.endWaiting(), acts.endWaiting()]);
      await leavePlaybooks(holder.get(), slots);
      await cases.close();
    },
  };
}

/** Is there anything on screen that grows older by the second? */
export function ticks(state: SessionState): boolean {
  const layer = beneath(state);
  if (state.toast || jobsOf(state).length > 0) return true;
  if (state.runs.some((slot) => slot.view.autoUndoAt !== null)) return true;
  return ['suspects', 'log-report', 'triage', 'detail', 'address', 'moment', 'incident'].includes(layer.kind);
}
