import type { HalfDone } from '../casefile/half-done.ts';
import type { Fact } from '../documents/fact.ts';
import type { CaseKeeper } from './case-keeper.ts';
import { caseWriting } from './case-writing.ts';
import type { Clipboard } from './clipboard.ts';
import type { Command } from './commands.ts';
import type { EventLogs } from './event-logs.ts';
import { fleetReading } from './fleet-reading.ts';
import { jobsOf } from './jobs.ts';
import { logReading } from './log-reading.ts';
import { machineReading } from './machine-reading.ts';
import { back, changePane, lookAtStep, moveTo, takeInput } from './moving.ts';
import { openedLogs } from './opened-logs.ts';
import { openingOf } from './opening.ts';
import { playbookRuns } from './playbook-runs.ts';
import type { PlaybookOffer, Playbooks } from './playbooks.ts';
import { promptAnswers } from './prompt-answers.ts';
import { promptStanding, type Stopwatch } from './prompt-standing.ts';
import type { Reader } from './session-readers.ts';
import { beneath, machineOf, runLayer, type SessionState, sorts, top } from './state.ts';
import { holdState, sentence } from './state-store.ts';
import { selectedRow } from './suspects.ts';

/** All that the session does to the world goes through these. */
export interface SessionPorts {
  reader: Reader;
  cases: CaseKeeper;
  playbooks: Playbooks;
  clipboard: Clipboard;
  eventLogs: EventLogs;
  /** Measures how long a prompt has stood. */
  stopwatch: Stopwatch;
  /** Called once, when the person leaves. */
  quit(): void;
}

export interface SessionOptions {
  readOnly: boolean;
  /** What is looked at: "contoso-prod +1 subscription". */
  scope: string;
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
  /** Begins to read: who we are, and every machine in reach. */
  start(): void;
  /** Resolves when the person has left. */
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

/** The longest text that an input takes, in UTF-16 units. */
const longestInput = 2_000;

/** The new offers in the order that is on screen: a list must not change under the finger that chooses from it. */
function inOrderOf(shown: readonly PlaybookOffer[], offers: readonly PlaybookOffer[]): PlaybookOffer[] {
  const place = new Map(shown.map((offer, at) => [offer.name, at]));
  const at = (offer: PlaybookOffer) => place.get(offer.name) ?? shown.length;
  return [...offers].sort((one, other) => at(one) - at(other));
}

export function createSession(ports: SessionPorts, options: SessionOptions): Session {
  const { reader } = ports;
  const now = () => reader.now();
  const holder = holdState(
    {
      now: now(),
      columns: 80,
      rows: 24,
      readOnly: options.readOnly,
      demo: reader.simulated,
      scope: options.scope,
      identity: null,
      layers: [{ kind: 'suspects' }],
      scan: { rows: [], notSeen: [], state: 'loading', because: '', asOf: '', notListed: null },
      filter: '',
      sort: 'suspicion',
      reversed: false,
      redraws: 0,
      marked: new Set(),
      selectedVm: null,
      triages: new Map(),
      cases: new Map(),
      logs: new Map(),
      traces: new Map(),
      around: new Map(),
      offers: [],
      runs: [],
      halfDone: [],
      typed: '',
      refusal: '',
      toast: null,
      asked: { key: '', shown: false, stood: false, declined: false },
      lastKey: { name: '', at: Number.NEGATIVE_INFINITY, held: false },
      awaited: false,
      closing: false,
    },
    now,
  );
  const fleet = fleetReading(holder, reader);
  const cases = caseWriting(holder, ports.cases);
  const machines = machineReading(
    holder,
    reader,
    (part, settled) => {
      const state = holder.get();
      if (machineOf(state) === part.vm.id) {
        const offers = ports.playbooks.list(part.vm, part.findings);
        const choosing = state.layers.some((layer) => layer.kind === 'chooser');
        holder.set({ offers: choosing ? inOrderOf(state.offers, offers) : offers });
      }
      cases.record(part, settled);
    },
    cases.recordQuery,
  );
  const keepFact = (vmId: string, name: string, summary: string, fact: Fact<unknown>) =>
    cases.write(
      vmId,
      (openCase) => openCase.fact(name, summary, fact),
      (because) => holder.say(`The case file did not take “${summary}”: ${because}`, 'bad'),
    );
  const logs = logReading(holder, reader, keepFact, cases.recordQuery);
  const eventLogs = openedLogs(holder, ports.eventLogs, keepFact, (vmId) => {
    machines.show(vmId);
    if (top(holder.get()).kind === 'detail') opening.readAround();
  });
  const runs = playbookRuns(holder, ports.playbooks, now, (vmId) => {
    // What was changed shows in the facts.
    const slot = holder.get().triages.get(vmId);
    if (slot && !holder.get().closing) machines.read(slot.vm);
  });
  let resolveLeft: (() => void) | null = null;
  const left = new Promise<void>((resolve) => {
    resolveLeft = resolve;
  });

  function leave(): void {
    if (!resolveLeft) return;
    resolveLeft();
    resolveLeft = null;
    ports.quit();
  }

  const prompts = promptAnswers(holder, runs, leave, eventLogs);
  const standing = promptStanding(holder, ports.stopwatch);

  function quit(): void {
    if (runs.operations().length === 0 && runs.timers().length === 0) leave();
    else runs.askQuit();
  }

  const opening = openingOf(holder, {
    open: (vm) => cases.open(vm),
    read: (vm) => machines.read(vm),
    offers: (vm, findings) => ports.playbooks.list(vm, findings),
    start: (vmId, index) => runs.start(vmId, index),
    around: (vm, instant, again) => void logs.around(vm, instant, again),
    trace: (vmId, address) => void logs.trace(vmId, address),
  });

  function changeText(change: (text: string) => string): void {
    const layer = top(holder.get());
    const changed = (text: string) => change(text).slice(0, longestInput);
    if (layer.kind === 'input') {
      const text = changed(layer.text);
      holder.replaceTop({ ...layer, text }, layer.purpose === 'filter' ? { filter: text } : {});
    } else if (layer.kind === 'palette') {
      holder.replaceTop({ ...layer, text: changed(layer.text), selected: 0 });
    } else if (prompts.answerable()) {
      holder.set({ typed: changed(holder.get().typed), refusal: '' });
    }
  }

  function submit(): void {
    if (top(holder.get()).kind !== 'input') {
      prompts.submit();
      return;
    }
    const taken = takeInput(holder);
    if (!taken) return;
    if (taken.purpose === 'logs') {
      eventLogs.open(taken.vmId, taken.text);
      return;
    }
    cases.write(
      taken.vmId,
      async (openCase) => {
        await openCase.note(taken.text);
        holder.say('Noted in the case file.', 'good');
      },
      (because) => holder.say(`The note was not written: ${because}`, 'bad'),
    );
  }

  /** The playbooks in their order of now: while one chose from them they kept the order that was on screen. */
  function offerAgain(): void {
    const state = holder.get();
    const slot = state.triages.get(machineOf(state) ?? '');
    if (top(state).kind === 'triage' && slot) holder.set({ offers: ports.playbooks.list(slot.vm, slot.part.findings) });
  }

  /** The machine that a note or the transcript is about; opens its case when that has not happened yet. */
  function caseInHand(): string | null {
    const state = holder.get();
    const vmId = machineOf(state) ?? selectedRow(state)?.id ?? null;
    const row = state.scan.rows.find((one) => one.id === vmId);
    const vm = row?.vm ?? (vmId === null ? undefined : state.triages.get(vmId)?.vm);
    if (vm) cases.open(vm);
    return vmId;
  }

  function exportCase(): void {
    const vmId = machineOf(holder.get());
    if (vmId === null) return;
    const slot = holder.get().triages.get(vmId);
    // Notes that are written before the last answer say what the answers so far do.
    if (slot) cases.record(slot.part, true);
    cases.write(
      vmId,
      async (openCase) => holder.say(`Exported to ${await openCase.export()}`, 'good'),
      (because) => holder.say(`The case was not exported: ${because}`, 'bad'),
    );
  }

  function refresh(): void {
    const state = holder.get();
    const layer = top(state);
    if (layer.kind === 'address') {
      void logs.trace(layer.vmId, layer.addresses[layer.at] ?? '', true);
      return;
    }
    const vmId = machineOf(state);
    const slot = vmId === null ? undefined : state.triages.get(vmId);
    if (!slot) {
      fleet.read();
      return;
    }
    machines.read(slot.vm);
    if (layer.kind === 'detail') opening.readAround(true);
  }

  function dispatch(command: Command): void {
    const state = holder.get();
    switch (command.type) {
      case 'move':
        moveTo(holder, (now) => now + command.by, command.of);
        return;
      case 'edge':
        moveTo(holder, (_, size) => (command.to === 'first' ? 0 : size - 1), command.of);
        return;
      case 'open':
        opening.open();
        return;
      case 'back':
        back(holder);
        offerAgain();
        return;
      case 'pane':
        changePane(holder, command.to);
        return;
      case 'zoom': {
        const layer = top(state);
        if (layer.kind === 'triage') holder.replaceTop({ ...layer, zoomed: !layer.zoomed });
        return;
      }
      case 'trace':
        opening.trace();
        return;
      case 'next-address':
        opening.nextAddress(command.by);
        return;
      case 'next-step':
        lookAtStep(holder, command.by);
        return;
      case 'sort':
        if (command.reverse) holder.set({ reversed: !state.reversed });
        else {
          const next = (sorts.indexOf(state.sort) + (command.by ?? 1) + sorts.length) % sorts.length;
          holder.set({ sort: sorts[next] ?? 'suspicion', reversed: false });
        }
        return;
      case 'sort-by':
        holder.set({ sort: command.sort, reversed: state.sort === command.sort && !state.reversed });
        return;
      case 'redraw':
        holder.set({ redraws: state.redraws + 1 });
        return;
      case 'mark': {
        const row = top(state).kind === 'suspects' ? selectedRow(state) : undefined;
        if (!row) return;
        const marked = new Set(state.marked);
        if (!marked.delete(row.id)) marked.add(row.id);
        holder.set({ marked });
        moveTo(holder, (now) => now + 1);
        return;
      }
      case 'refresh':
        refresh();
        return;
      case 'filter':
        holder.push({ kind: 'input', purpose: 'filter', text: state.filter, before: state.filter, vmId: '' });
        return;
      case 'open-logs': {
        const vmId = machineOf(state);
        if (vmId === null || eventLogs.ask(vmId)) return;
        holder.push({ kind: 'input', purpose: 'logs', text: '', before: '', vmId });
        return;
      }
      case 'close-logs': {
        const vmId = machineOf(state);
        if (vmId !== null) eventLogs.close(vmId);
        return;
      }
      case 'search': {
        const layer = top(state);
        if (layer.kind !== 'transcript' && layer.kind !== 'time-line') return;
        holder.push({ kind: 'input', purpose: 'search', text: layer.search, before: layer.search, vmId: layer.vmId });
        return;
      }
      case 'note': {
        const vmId = caseInHand();
        if (vmId !== null) holder.push({ kind: 'input', purpose: 'note', text: '', before: '', vmId });
        return;
      }
      case 'transcript': {
        const vmId = caseInHand();
        if (vmId !== null) holder.push({ kind: 'transcript', vmId, selected: null, search: '' });
        return;
      }
      case 'findings': {
        const vmId = opening.triageInHand();
        if (vmId !== null) holder.push({ kind: 'findings', vmId, selected: null });
        return;
      }
      case 'time-line': {
        const vmId = opening.triageInHand();
        if (vmId !== null) holder.push({ kind: 'time-line', vmId, selected: null, search: '' });
        return;
      }
      case 'playbooks': {
        const vmId = opening.triageInHand();
        const slot = vmId === null ? undefined : holder.get().triages.get(vmId);
        if (!slot || vmId === null) return;
        holder.push(
          { kind: 'chooser', vmId, selected: 0 },
          { offers: ports.playbooks.list(slot.vm, slot.part.findings) },
        );
        return;
      }
      case 'choose': {
        const layer = top(state);
        if (layer.kind !== 'chooser' || command.index >= state.offers.length) return;
        holder.replaceTop({ ...layer, selected: command.index });
        runs.start(layer.vmId, command.index);
        return;
      }
      case 'jobs': {
        const layer = top(state);
        if (layer.kind === 'run') {
          // Again: the one before it, and after the first the latest, so that an older one can still be undone.
          const here = state.runs.findIndex((slot) => slot.id === layer.runId);
          const before = state.runs[here - 1] ?? state.runs.at(-1);
          if (before && before.id !== layer.runId) {
            holder.replaceTop(runLayer(state, before.id));
          }
          return;
        }
        const slot = state.runs.find(({ view }) => view.prompt !== null) ?? state.runs.at(-1);
        if (slot) holder.push(runLayer(state, slot.id));
        return;
      }
      case 'help':
        holder.push({ kind: 'help', selected: 0 });
        return;
      case 'palette':
        holder.push({ kind: 'palette', text: '', selected: 0 });
        return;
      case 'copy': {
        const because = ports.clipboard.copy(command.text);
        if (because === '') holder.say(`Copied ${command.what}.`, 'good');
        else holder.say(`Not copied: ${because}`, 'bad');
        return;
      }
      case 'export':
        exportCase();
        return;
      case 'insert':
        changeText((text) => text + command.text);
        return;
      case 'erase':
        changeText((text) => (command.all ? '' : [...text].slice(0, -1).join('')));
        return;
      case 'submit':
        submit();
        return;
      case 'yes':
        prompts.answer('y');
        return;
      case 'no':
        prompts.no();
        return;
      case 'skip':
        prompts.skip();
        return;
      case 'end-run':
        prompts.end();
        return;
      case 'ask-again':
        prompts.again();
        return;
      case 'later':
        prompts.later();
        return;
      case 'focus-prompt':
        prompts.focus();
        return;
      case 'resume':
        runs.resume();
        return;
      case 'undo':
        runs.askUndo();
        return;
      case 'keep':
        runs.onScreen()?.run.keep();
        return;
      case 'quit':
        quit();
        return;
      case 'leave':
        leave();
        return;
      case 'tell':
        holder.say(command.text, 'bad');
        return;
      case 'key':
        standing.pressed(command.name);
        return;
      case 'prompt-shown':
        standing.shown(command.key);
        return;
      case 'resize':
        holder.set({ columns: command.columns, rows: command.rows });
        return;
      case 'tick':
        holder.set({});
        return;
    }
  }

  return {
    state: holder.get,
    subscribe: holder.subscribe,
    dispatch,
    left,
    start() {
      options.readScope?.().then(
        (scope) => holder.set({ scope }),
        // The list says why Azure does not answer.
        () => holder.set({ scope: 'no subscription could be read' }),
      );
      reader.identity().then(
        (identity) => {
          holder.set({ identity });
          const [warning] = identity.warnings ?? [];
          if (warning) holder.say(warning, 'bad');
        },
        (error: unknown) => holder.say(`Who you are could not be read: ${sentence(error)}`, 'bad'),
      );
      fleet.read();
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
    },
    explain(vmId, portIndex) {
      const part = holder.get().triages.get(vmId)?.part;
      return part ? reader.explain(part, portIndex) : [];
    },
    lastWords: () => [...runs.operations().map((one) => `Still running in Azure: ${one}`), ...runs.timers()],
    transcripts() {
      return [...holder.get().cases.values()].flatMap((slot) => (slot.openCase ? [slot.openCase.transcript] : []));
    },
    async close() {
      holder.note({ closing: true });
      standing.stop();
      fleet.stop();
      machines.stop();
      logs.stop();
      eventLogs.stop();
      await runs.endWaiting();
      await runs.leave();
      await cases.close();
    },
  };
}

/** Is there anything on screen that grows older by the second? */
export function ticks(state: SessionState): boolean {
  const layer = beneath(state);
  if (state.toast || jobsOf(state.runs).length > 0) return true;
  if (state.runs.some((slot) => slot.view.autoUndoAt !== null)) return true;
  return ['suspects', 'triage', 'detail', 'address', 'moment'].includes(layer.kind);
}
