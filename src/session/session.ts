import type { HalfDone } from '../casefile/half-done.ts';
import type { Fact } from '../documents/fact.ts';
import type { CaseKeeper } from './cases/case-keeper.ts';
import { caseWriting } from './cases/case-writing.ts';
import type { Clipboard } from './clipboard.ts';
import type { Command } from './commands.ts';
import type { EventLogs } from './event-logs/event-logs.ts';
import { openedLogs } from './event-logs/opened-logs.ts';
import { back, changePane, lookAtStep, moveTo, searchBeneath, takeInput } from './navigation.ts';
import { openingOf } from './opening.ts';
import { jobsOf } from './playbooks/jobs.ts';
import { playbookRuns } from './playbooks/playbook-runs.ts';
import type { PlaybookOffer, Playbooks } from './playbooks/playbooks.ts';
import { promptAnswers } from './prompts/prompt-answers.ts';
import { readingTime, type Stopwatch } from './prompts/reading-time.ts';
import { refreshing } from './readings/auto-refresh.ts';
import { fleetReading } from './readings/fleet-reading.ts';
import { logReading } from './readings/log-lookups.ts';
import { machineReading } from './readings/vm-reading.ts';
import type { Reader } from './session-readers.ts';
import { beneath, machineOf, runLayer, type SessionState, sorts, top } from './state.ts';
import { holdState, sentence } from './state-store.ts';
import { selectedRow } from './suspects.ts';
import { type EditedText, edited } from './text-edit.ts';

/** All that the session does to the world goes through these. */
export interface SessionPorts {
  reader: Reader;
  cases: CaseKeeper;
  playbooks: Playbooks;
  clipboard: Clipboard;
  eventLogs: EventLogs;
  /** Measures how long a prompt has been on screen. */
  stopwatch: Stopwatch;
  /** Lets a text be written in the user's editor; null when it was left unchanged. Rejects when there is none. */
  editor(text: string): Promise<string | null>;
  /** Called once, when the user leaves. */
  quit(): void;
}

export interface SessionOptions {
  readOnly: boolean;
  /** Seconds between readings that begin by themselves, once they are switched on. */
  refreshSeconds?: number;
  /** They are switched on from the start. */
  autoRefresh?: boolean;
  columns?: readonly string[];
  localTime?: boolean;
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

/** The longest text that an input takes, in UTF-16 units. */
const longestInput = 2_000;
/** Seconds between readings that begin by themselves, where no other time is set. */
const defaultRefresh = 60;

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
      typing: { fromEnd: 0, recalled: 0 },
      entered: new Map(),
      autoRefresh: options.autoRefresh === true ? (options.refreshSeconds ?? null) : null,
      columnsWanted: options.columns ?? null,
      localTime: options.localTime === true,
      refusal: '',
      toast: null,
      asked: { key: '', shown: false, readable: false, declined: false },
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
  const standing = readingTime(holder, ports.stopwatch);
  const autoRefresh = refreshing(holder, ports.stopwatch, () => refresh());

  const opening = openingOf(holder, {
    open: (vm) => cases.open(vm),
    read: (vm) => machines.read(vm),
    offers: (vm, findings) => ports.playbooks.list(vm, findings),
    start: (vmId, index) => startChosen(vmId, index),
    around: (vm, instant, again) => void logs.around(vm, instant, again),
    trace: (vmId, address) => void logs.trace(vmId, address),
  });

  function changeText(change: (now: EditedText) => EditedText): void {
    const state = holder.get();
    const layer = top(state);
    const { fromEnd, recalled } = state.typing;
    const apply = (text: string) => change({ text, fromEnd });
    if (layer.kind === 'input') {
      const { text, fromEnd: to } = apply(layer.text);
      const typing = { fromEnd: to, recalled };
      holder.replaceTop({ ...layer, text }, { typing, ...(layer.purpose === 'filter' ? { filter: text } : {}) });
      if (layer.purpose === 'search' && text !== layer.text) searchBeneath(holder, text);
    } else if (layer.kind === 'palette') {
      const { text, fromEnd: to } = apply(layer.text);
      const selected = text === layer.text ? layer.selected : 0;
      holder.replaceTop({ ...layer, text, selected }, { typing: { fromEnd: to, recalled } });
    } else if (prompts.answerable()) {
      const { text, fromEnd: to } = apply(state.typed);
      holder.set({ typed: text, typing: { fromEnd: to, recalled }, refusal: '' });
    }
  }

  /** Brings back what was entered before in an input of the same purpose. */
  function recall(by: 1 | -1): void {
    const state = holder.get();
    const layer = top(state);
    if (layer.kind !== 'input') return;
    const before = state.entered.get(layer.purpose) ?? [];
    const recalled = Math.max(0, Math.min(before.length, state.typing.recalled + by));
    const text = recalled === 0 ? '' : (before[before.length - recalled] ?? '');
    changeText(() => ({ text, fromEnd: 0 }));
    holder.set({ typing: { fromEnd: 0, recalled } });
  }

  /** Completes the path of an event log as far as the files there are agree. */
  async function complete(): Promise<void> {
    const layer = top(holder.get());
    if (layer.kind !== 'input' || layer.purpose !== 'logs') return;
    const typed = layer.text;
    const { text, choices } = await ports.eventLogs.complete(typed).catch(() => ({ text: typed, choices: [] }));
    const now = top(holder.get());
    if (now.kind !== 'input' || now.text !== typed) return;
    if (text !== typed) changeText(() => ({ text, fromEnd: 0 }));
    else holder.say(choices.length === 0 ? 'There is no such file.' : choices.slice(0, 12).join('  '));
  }

  /** Lets the note be written in the user's editor, and enters what comes back. */
  async function editNote(): Promise<void> {
    const layer = top(holder.get());
    if (layer.kind !== 'input' || layer.purpose !== 'note') return;
    const written = await ports.editor(layer.text).catch((error: unknown) => {
      holder.say(`The editor could not be used: ${sentence(error)}`, 'bad');
      return null;
    });
    if (written === null || top(holder.get()) !== layer) return;
    holder.pop();
    enterNote(layer.vmId, written.trim());
  }

  function enterNote(vmId: string, text: string): void {
    if (text === '') return;
    cases.write(
      vmId,
      async (openCase) => {
        await openCase.note(text);
        holder.say('Noted in the case file.', 'good');
      },
      (because) => holder.say(`The note was not written: ${because}`, 'bad'),
    );
  }

  function submit(): void {
    if (top(holder.get()).kind !== 'input') {
      prompts.submit();
      return;
    }
    const taken = takeInput(holder);
    if (!taken) return;
    if (taken.purpose === 'logs') eventLogs.open(taken.vmId, taken.text);
    else enterNote(taken.vmId, taken.text);
  }

  /**
   * Starts the playbook for the current VM and, where that is marked, for the other marked ones: each asks by itself.
   */
  function startChosen(vmId: string, index: number): void {
    const { offers, marked, scan } = holder.get();
    const name = offers[index]?.name;
    runs.start(vmId, index);
    if (name === undefined || !marked.has(vmId) || options.readOnly) return;
    holder.set({ marked: new Set() });
    for (const { id, vm } of scan.rows.filter((row) => marked.has(row.id) && row.id !== vmId)) {
      cases.open(vm);
      if (!holder.get().triages.has(id)) machines.read(vm);
      cases.write(
        id,
        () => runs.startFor(id, name),
        (because) => holder.say(`${name} cannot be started for ${vm.name}: ${because}`, 'bad'),
      );
    }
  }

  /** The playbooks in their order of now: while one chose from them they kept the order that was on screen. */
  function offerAgain(): void {
    const state = holder.get();
    const slot = state.triages.get(machineOf(state) ?? '');
    if (top(state).kind === 'triage' && slot) holder.set({ offers: ports.playbooks.list(slot.vm, slot.part.findings) });
  }

  /** The VM that a note or the transcript is about; opens its case when that has not happened yet. */
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
      if (holder.get().identity === null) readIdentity();
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
        holder.push({ kind: 'input', purpose: 'filter', text: '', before: state.filter, vmId: '' });
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
        if (!('search' in layer)) return;
        const vmId = 'vmId' in layer ? layer.vmId : '';
        holder.push({ kind: 'input', purpose: 'search', text: '', before: layer.search, vmId });
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
        if (vmId !== null) holder.push({ kind: 'findings', vmId, selected: null, search: '' });
        return;
      }
      case 'time-line': {
        const vmId = opening.triageInHand();
        if (vmId !== null) holder.push({ kind: 'time-line', vmId, selected: null, search: '' });
        return;
      }
      case 'playbooks': {
        // With marks the first marked VM is in hand.
        const [first] = top(state).kind === 'suspects' ? state.marked : [];
        if (first !== undefined && !state.marked.has(selectedRow(state)?.id ?? '')) holder.set({ selectedVm: first });
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
        startChosen(layer.vmId, command.index);
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
        holder.push({ kind: 'help', selected: 0, search: '' });
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
      case 'erase':
      case 'cursor':
        changeText((text) => edited(text, command, longestInput));
        return;
      case 'recall':
        recall(command.by);
        return;
      case 'complete':
        void complete();
        return;
      case 'edit-note':
        void editNote();
        return;
      case 'next-item':
        opening.nextItem(command.by);
        return;
      case 'open-vm': {
        const row = state.scan.rows.find(({ id }) => id === command.id);
        if (row) opening.openTriage(row);
        return;
      }
      case 'auto-refresh':
        holder.set({ autoRefresh: state.autoRefresh === null ? (options.refreshSeconds ?? defaultRefresh) : null });
        autoRefresh.start();
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
      case 'undo-lock': {
        const vmId = machineOf(state);
        if (vmId !== null) void runs.undoLock(vmId);
        return;
      }
      case 'keep':
        runs.onScreen()?.run.keep();
        return;
      case 'quit':
        runs.askQuit();
        return;
      case 'leave':
        leave();
        return;
      case 'tell':
        holder.say(command.text, command.tone ?? 'bad');
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

  /** The signed-in account. A sign-in made after the start is picked up with the next refresh. */
  function readIdentity(): void {
    reader.identity().then(
      (identity) => {
        holder.set({ identity });
        const [warning] = identity.warnings ?? [];
        if (warning) holder.say(warning, 'bad');
      },
      (error: unknown) => holder.say(`Who you are could not be read: ${sentence(error)}`, 'bad'),
    );
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
      readIdentity();
      fleet.read();
      autoRefresh.start();
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
      autoRefresh.stop();
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
