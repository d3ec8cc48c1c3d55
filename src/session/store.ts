import type { ScanRow, VirtualMachine } from '../documents/triage.ts';
import type { PlaybookRun, Prompt, RunView } from '../playbook/run.ts';
import { steady } from '../text/cells.ts';
import type { CaseKeeper, OpenCase } from './case-keeper.ts';
import type { Clipboard } from './clipboard.ts';
import type { Command } from './commands.ts';
import { jobsOf } from './jobs.ts';
import type { Playbooks } from './playbooks.ts';
import type { Reader, TriageInProgress } from './ports.ts';
import {
  beneath,
  itemCount,
  type Layer,
  machineOf,
  type Pane,
  panes,
  promptInHand,
  promptKey,
  type RunSlot,
  type SessionState,
  sorts,
  type Toast,
  top,
} from './state.ts';
import { factsOf } from './summaries.ts';
import { cursorAt, selectedRow, visibleRows } from './suspects.ts';

/** All that the session does to the world goes through these. */
export interface SessionPorts {
  reader: Reader;
  cases: CaseKeeper;
  playbooks: Playbooks;
  clipboard: Clipboard;
  /** Called once, when the person leaves. */
  quit(): void;
}

export interface SessionOptions {
  readOnly: boolean;
  /** What is looked at: "contoso-prod +1 subscription". */
  scope: string;
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
  /** What still runs in Azure, one sentence each, for the last words after the screen is gone. */
  runningOperations(): string[];
  /** Paths of the transcripts that this session writes. */
  transcripts(): string[];
  /** Stops reading and closes the case files; resolves when everything is on disk. Never rejects. */
  close(): Promise<void>;
}

const toastSeconds = 8;
/** The longest text that an input takes, in UTF-16 units. */
const longestInput = 2_000;
const blankSelection: Record<Pane, number> = { ports: 0, logons: 0, patches: 0, posture: 0 };

export function createSession(ports: SessionPorts, options: SessionOptions): Session {
  const { reader } = ports;
  const listeners = new Set<() => void>();
  const playbookRuns = new Map<number, PlaybookRun>();
  const reading = new Map<string, AbortController>();
  /** What was written to the case of a machine, by the fact's name. */
  const recorded = new Map<string, Map<string, unknown>>();
  const caseQueues = new Map<string, Promise<void>>();
  /** Playbooks that are being made ready: `vmId name`. */
  const starting = new Set<string>();
  let scanning: AbortController | null = null;
  let nextRun = 1;
  let quitting = false;
  let resolveLeft: () => void = () => undefined;
  const left = new Promise<void>((resolve) => {
    resolveLeft = resolve;
  });

  let state: SessionState = {
    now: reader.now(),
    columns: 80,
    rows: 24,
    readOnly: options.readOnly,
    demo: reader.simulated,
    scope: options.scope,
    identity: null,
    layers: [{ kind: 'suspects' }],
    scan: { rows: [], notSeen: [], state: 'loading', because: '', asOf: '' },
    filter: '',
    sort: 'suspicion',
    selectedVm: null,
    triages: new Map(),
    cases: new Map(),
    offers: [],
    runs: [],
    typed: '',
    refusal: '',
    toast: null,
    batch: 0,
    armed: { key: '', batch: 0, shown: false },
    closing: false,
  };

  function set(changes: Partial<SessionState>): void {
    let next: SessionState = { ...state, ...changes, now: reader.now() };
    const key = promptKey(next);
    // A prompt that appears, or comes back into view, must be drawn before it can be answered, and what was typed for
    // another one does not count for it.
    if (key !== next.armed.key || (key !== '' && next.layers !== state.layers && top(next) !== top(state))) {
      next = { ...next, armed: { key, batch: next.batch, shown: false }, typed: '', refusal: '' };
    }
    if (next.toast && next.now.getTime() >= next.toast.until) next = { ...next, toast: null };
    state = next;
    for (const listener of listeners) listener();
  }

  function say(text: string, tone: Toast['tone'] = 'plain'): void {
    set({ toast: { text: steady(text, 400), tone, until: reader.now().getTime() + toastSeconds * 1000 } });
  }

  const sentence = (error: unknown) => (error instanceof Error ? error.message : String(error));

  const push = (layer: Layer, changes: Partial<SessionState> = {}) =>
    set({ ...changes, layers: [...state.layers, layer] });
  const replaceTop = (layer: Layer, changes: Partial<SessionState> = {}) =>
    set({ ...changes, layers: [...state.layers.slice(0, -1), layer] });
  const pop = (changes: Partial<SessionState> = {}) =>
    set({ ...changes, layers: state.layers.length > 1 ? state.layers.slice(0, -1) : state.layers });

  // ── Reading ────────────────────────────────────────────────────────────────────────────────────────────────────

  function scan(): void {
    scanning?.abort();
    const controller = new AbortController();
    scanning = controller;
    const known = state.scan.rows.length > 0;
    set({ scan: { ...state.scan, state: known ? 'refreshing' : 'loading', because: '' } });
    const current = () => scanning === controller && !controller.signal.aborted;
    const take = (rows: readonly ScanRow[], notSeen: readonly string[], changes: Partial<SessionState['scan']>) => {
      // The cursor stays on its machine while rows improve; it falls back to the first row only when that is gone.
      const held = state.selectedVm !== null && rows.some((row) => row.id === state.selectedVm);
      set({
        scan: { ...state.scan, rows, notSeen, ...changes },
        ...(held || state.scan.state === 'refreshing' ? {} : { selectedVm: state.selectedVm }),
      });
    };
    reader
      .scan((rows, notSeen) => {
        if (current()) take([...rows], [...notSeen], {});
      }, controller.signal)
      .then(
        (document) => {
          if (current()) take(document.vms, document.notSeen, { state: 'done', asOf: document.asOf });
        },
        (error: unknown) => {
          if (current()) set({ scan: { ...state.scan, state: 'failed', because: steady(sentence(error), 400) } });
        },
      );
  }

  function emptyPart(vm: VirtualMachine): TriageInProgress {
    return {
      vm,
      exposure: null,
      logons: null,
      patches: null,
      posture: {
        alerts: null,
        secureScore: null,
        jit: null,
        identity: null,
        software: null,
        backup: null,
        firewall: null,
      },
      findings: [],
    };
  }

  /** New answers over old ones: what is not answered again yet keeps its old answer, whose age is on screen. */
  function merge(old: TriageInProgress, part: TriageInProgress): TriageInProgress {
    const complete = part.exposure !== null && part.logons !== null && part.patches !== null;
    return {
      vm: part.vm,
      exposure: part.exposure ?? old.exposure,
      logons: part.logons ?? old.logons,
      patches: part.patches ?? old.patches,
      posture: {
        alerts: part.posture.alerts ?? old.posture.alerts,
        secureScore: part.posture.secureScore ?? old.posture.secureScore,
        jit: part.posture.jit ?? old.posture.jit,
        identity: part.posture.identity ?? old.posture.identity,
        software: part.posture.software ?? old.posture.software,
        backup: part.posture.backup ?? old.posture.backup,
        firewall: part.posture.firewall ?? old.posture.firewall,
      },
      findings: complete || part.findings.length >= old.findings.length ? part.findings : old.findings,
    };
  }

  function putTriage(vmId: string, part: TriageInProgress, slotState: 'loading' | 'refreshing' | 'done'): void {
    const triages = new Map(state.triages);
    triages.set(vmId, { vm: part.vm, part, state: slotState, because: '' });
    set({ triages, ...offersOf(vmId, part) });
    record(vmId, part);
  }

  function triage(vm: VirtualMachine): void {
    reading.get(vm.id)?.abort();
    const controller = new AbortController();
    reading.set(vm.id, controller);
    const before = state.triages.get(vm.id);
    const base = before?.part ?? emptyPart(vm);
    const busy = before ? ('refreshing' as const) : ('loading' as const);
    putTriage(vm.id, base, busy);
    const current = () => reading.get(vm.id) === controller && !controller.signal.aborted;
    reader
      .triage(
        vm,
        (part) => {
          if (current()) putTriage(vm.id, merge(base, part), busy);
        },
        controller.signal,
      )
      .then(
        (document) => {
          if (!current()) return;
          const { exposure, logons, patches, posture, findings } = document;
          putTriage(vm.id, { vm: document.vm, exposure, logons, patches, posture, findings }, 'done');
        },
        (error: unknown) => {
          if (!current()) return;
          const slot = state.triages.get(vm.id);
          if (!slot) return;
          const triages = new Map(state.triages);
          triages.set(vm.id, { ...slot, state: 'failed', because: steady(sentence(error), 400) });
          set({ triages });
        },
      );
  }

  // ── The case file ──────────────────────────────────────────────────────────────────────────────────────────────

  function openCase(vm: VirtualMachine): void {
    if (state.cases.get(vm.id)?.state === 'open' || state.cases.get(vm.id)?.state === 'opening') return;
    const put = (slot: { state: 'opening' | 'open' | 'failed'; openCase: OpenCase | null; because: string }) => {
      const cases = new Map(state.cases);
      cases.set(vm.id, slot);
      set({ cases });
    };
    put({ state: 'opening', openCase: null, because: '' });
    let opening: Promise<OpenCase>;
    try {
      opening = ports.cases.open(vm);
    } catch (error) {
      opening = Promise.reject(error);
    }
    opening.then(
      (opened) => {
        if (state.closing) {
          void opened.close().catch(() => undefined);
          return;
        }
        opened.subscribe(() => set({ cases: new Map(state.cases) }));
        put({ state: 'open', openCase: opened, because: '' });
        const slot = state.triages.get(vm.id);
        if (slot) record(vm.id, slot.part);
      },
      (error: unknown) => {
        const because = steady(sentence(error), 400);
        put({ state: 'failed', openCase: null, because });
        say(`No case file: ${because} Nothing can be changed in Azure without one.`, 'bad');
      },
    );
  }

  /** Writes are made one after the other, so that the transcript has the order of what happened. */
  function write(vmId: string, work: (openCase: OpenCase) => Promise<void>, failed: (because: string) => void): void {
    const openedCase = state.cases.get(vmId)?.openCase;
    if (!openedCase) return;
    const before = caseQueues.get(vmId) ?? Promise.resolve();
    caseQueues.set(
      vmId,
      before.then(() => work(openedCase)).catch((error: unknown) => failed(sentence(error))),
    );
  }

  function record(vmId: string, part: TriageInProgress): void {
    if (state.cases.get(vmId)?.state !== 'open') return;
    const written = recorded.get(vmId) ?? new Map<string, unknown>();
    recorded.set(vmId, written);
    for (const { name, summary, fact } of factsOf(part)) {
      if (written.get(name) === fact) continue;
      // The last progress and the document carry the same answer in two objects.
      const asked = fact.state === 'known' ? fact.asOf : fact.because;
      if (written.get(`${name} at`) === asked) continue;
      written.set(name, fact);
      written.set(`${name} at`, asked);
      write(
        vmId,
        (openedCase) => openedCase.fact(name, summary, fact),
        (because) => say(`The case file did not take “${name}”: ${because}`, 'bad'),
      );
    }
  }

  // ── Playbooks ──────────────────────────────────────────────────────────────────────────────────────────────────

  function offersOf(vmId: string, part: TriageInProgress): Partial<SessionState> {
    return machineOf(state) === vmId ? { offers: ports.playbooks.list(part.vm, part.findings) } : {};
  }

  /** Why no playbook can be started for the machine; "" when one can. */
  function refusal(vmId: string): string {
    if (state.readOnly) return 'This session is read-only: nothing can be changed in Azure.';
    const slot = state.cases.get(vmId);
    if (!slot || slot.state === 'opening') return 'The case file is being opened: try again in a moment.';
    if (slot.state === 'failed') return `No case file, so nothing can be changed in Azure: ${slot.because}`;
    return '';
  }

  function putRun(id: number, view: RunView, changes: Partial<RunSlot> = {}): void {
    set({
      runs: state.runs.map((slot) => {
        if (slot.id !== id) return slot;
        const stateOf = (of: RunView) => `${of.current} ${of.steps[of.current]?.state ?? ''}`;
        const since = stateOf(slot.view) === stateOf(view) ? slot.since : reader.now().toISOString();
        return { ...slot, view, since, ...changes };
      }),
    });
  }

  function startPlaybook(vmId: string, index: number): void {
    const offer = state.offers[index];
    const openedCase = state.cases.get(vmId)?.openCase;
    const vm = state.triages.get(vmId)?.vm;
    if (!offer || !vm) return;
    const refused = offer.disabled || refusal(vmId);
    if (refused || !openedCase) {
      say(refused || 'No case file is open.', 'bad');
      return;
    }
    const going = state.runs.find(
      (slot) => slot.vmId === vmId && slot.view.playbook === offer.name && slot.view.outcome === 'running',
    );
    if (going) {
      // Two of the same at once would undo each other's before-state.
      replaceTop({ kind: 'run', runId: going.id, scroll: 0 });
      return;
    }
    const place = `${vmId} ${offer.name}`;
    if (starting.has(place)) return;
    starting.add(place);
    const started = (() => {
      try {
        return ports.playbooks.start(offer.name, vm, openedCase);
      } catch (error) {
        return Promise.reject(error);
      }
    })();
    started.finally(() => starting.delete(place)).catch(() => undefined);
    started.then(
      (run) => {
        if (state.closing) return;
        const id = nextRun;
        nextRun += 1;
        playbookRuns.set(id, run);
        const slot: RunSlot = { id, vmId, view: run.view(), since: reader.now().toISOString(), undoing: false };
        // Someone who has gone elsewhere meanwhile is not pulled back.
        const layerNow = top(state);
        const stayed = layerNow.kind === 'chooser' && layerNow.vmId === vmId;
        const layer: Layer = { kind: 'run', runId: id, scroll: 0 };
        set({
          runs: [...state.runs, slot],
          ...(stayed ? { layers: [...state.layers.slice(0, -1), layer] } : {}),
        });
        if (!stayed) say(`${offer.name} is ready: w shows it.`);
        run.subscribe(() => putRun(id, run.view()));
        run.start().then(
          (view) => {
            putRun(id, view);
            const slot = state.triages.get(vmId);
            // What was changed shows in the facts.
            if (slot && view.steps.some((step) => step.state === 'done' && step.kind === 'action')) triage(slot.vm);
          },
          (error: unknown) => {
            putRun(id, run.view());
            say(`${offer.name} stopped: ${sentence(error)}`, 'bad');
          },
        );
      },
      (error: unknown) => say(`${offer.name} cannot be started: ${sentence(error)}`, 'bad'),
    );
  }

  function runOnScreen(): { slot: RunSlot; run: PlaybookRun } | null {
    const layer = top(state);
    const id = layer.kind === 'run' || layer.kind === 'confirm' ? layer.runId : -1;
    const slot = state.runs.find((one) => one.id === id);
    const run = playbookRuns.get(id);
    return slot && run ? { slot, run } : null;
  }

  function ask(prompt: Omit<Prompt, 'step'>, then: 'quit' | 'undo' | 'cancel', runId: number): void {
    push({ kind: 'confirm', prompt: { step: then, ...prompt }, then, runId });
  }

  function askUndo(): void {
    const found = runOnScreen();
    if (!found) return;
    const { view } = found.slot;
    const done = view.steps.filter((step) => step.state === 'done' && step.undo !== '');
    if (done.length === 0) {
      say('There is nothing to undo: no step that changes Azure was done.');
      return;
    }
    if (view.outcome === 'running') {
      say('The playbook still runs: end it with Esc at its prompt, then undo.');
      return;
    }
    const disruptive = done.some((step) => step.danger === 'disruptive');
    ask(
      {
        level: disruptive ? 'disruptive' : 'reversible',
        question: `Undo ${done.length === 1 ? 'the step that was done' : `the ${done.length} steps that were done`} on ${view.vm.name}?`,
        expects: disruptive ? view.vm.name : 'y',
        consequences: done.map((step) => `${step.title}: ${step.undo}`).reverse(),
      },
      'undo',
      found.slot.id,
    );
  }

  function undo(id: number): void {
    const run = playbookRuns.get(id);
    if (!run) return;
    putRun(id, run.view(), { undoing: true });
    run.undo().then(
      (view) => {
        putRun(id, view, { undoing: false });
        const slot = state.runs.find((one) => one.id === id);
        const read = slot && state.triages.get(slot.vmId);
        if (read) triage(read.vm);
      },
      (error: unknown) => {
        putRun(id, run.view(), { undoing: false });
        say(`The undo stopped: ${sentence(error)}`, 'bad');
      },
    );
  }

  // ── Prompts ────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Was the prompt drawn, and did this key come after it? */
  function answerable(): boolean {
    return promptKey(state) !== '' && state.armed.shown && state.batch > state.armed.batch;
  }

  function no(): void {
    if (!answerable()) return;
    const layer = top(state);
    if (layer.kind === 'confirm') {
      pop();
      return;
    }
    runOnScreen()?.run.cancel();
  }

  function answer(text: string): void {
    if (!answerable()) return;
    const prompt = promptInHand(state);
    if (!prompt) return;
    const layer = top(state);
    if (layer.kind === 'confirm') {
      if (text !== prompt.expects) {
        set({ refusal: `That is not ${prompt.expects}: nothing was done.`, typed: '' });
        return;
      }
      pop();
      if (layer.then === 'quit') leave();
      if (layer.then === 'undo') undo(layer.runId);
      if (layer.then === 'cancel') playbookRuns.get(layer.runId)?.cancel();
      return;
    }
    const found = runOnScreen();
    if (!found) return;
    if (found.run.answer(text) === 'refused') {
      const wanted = prompt.expects === '' ? 'That answer was not accepted' : `That is not ${prompt.expects}`;
      set({ refusal: `${wanted}: nothing was done.`, typed: '' });
    } else {
      set({ typed: '', refusal: '' });
    }
  }

  function submitPrompt(): void {
    const prompt = promptInHand(state);
    if (!prompt) return;
    if (state.typed.trim() !== '') answer(state.typed.trim());
    // A question that wants an answer is not a confirmation: Enter alone leaves it open.
    else if (prompt.level === 'ask' && prompt.expects === '') set({ refusal: 'Type an answer, or Esc to leave.' });
    else no();
  }

  // ── Leaving ────────────────────────────────────────────────────────────────────────────────────────────────────

  function leave(): void {
    if (quitting) return;
    quitting = true;
    resolveLeft();
    ports.quit();
  }

  function runningOperations(): string[] {
    return jobsOf(state.runs)
      .filter((job) => !job.waiting)
      .map((job) => steady(`${job.title}${job.text === '' ? '' : ` (${job.text})`}`, 300));
  }

  function quit(): void {
    const running = runningOperations();
    const timers = state.runs.filter((slot) => slot.view.autoUndoAt !== null);
    if (running.length === 0 && timers.length === 0) {
      leave();
      return;
    }
    ask(
      {
        level: 'reversible',
        question: 'Leave cordon while work goes on?',
        expects: 'y',
        consequences: [
          ...running.map((one) => `Goes on in Azure without you: ${one}`),
          ...timers.map(
            (slot) =>
              `${slot.view.playbook} on ${slot.view.vm.name} waits to be undone by itself; once cordon is gone it stays as it is.`,
          ),
        ],
      },
      'quit',
      -1,
    );
  }

  // ── Moving about ───────────────────────────────────────────────────────────────────────────────────────────────

  const clamp = (value: number, size: number) => Math.max(0, Math.min(value, size - 1));

  function moveTo(place: (now: number, size: number) => number, of: number | undefined): void {
    const layer = top(state);
    switch (layer.kind) {
      case 'suspects': {
        const rows = visibleRows(state);
        const row = rows[clamp(place(cursorAt(state), rows.length), rows.length)];
        if (row) set({ selectedVm: row.id });
        return;
      }
      case 'triage': {
        const size = itemCount(state.triages.get(layer.vmId)?.part, layer.pane);
        const at = clamp(place(layer.selected[layer.pane], size), size);
        replaceTop({ ...layer, selected: { ...layer.selected, [layer.pane]: at } });
        return;
      }
      case 'chooser':
        replaceTop({
          ...layer,
          selected: clamp(place(layer.selected, state.offers.length), state.offers.length),
        });
        return;
      case 'transcript': {
        const size = of ?? 0;
        const at = clamp(place(layer.selected ?? size - 1, size), size);
        replaceTop({ ...layer, selected: at >= size - 1 ? null : at });
        return;
      }
      case 'detail':
      case 'run':
        replaceTop({ ...layer, scroll: clamp(place(layer.scroll, of ?? 1), of ?? 1) });
        return;
      case 'help':
      case 'palette':
        replaceTop({ ...layer, selected: clamp(place(Math.min(layer.selected, (of ?? 1) - 1), of ?? 1), of ?? 1) });
        return;
      default:
    }
  }

  function openTriage(row: ScanRow): void {
    const known = state.triages.get(row.id);
    push(
      { kind: 'triage', vmId: row.id, pane: 'ports', zoomed: false, selected: blankSelection },
      { selectedVm: row.id, offers: known ? ports.playbooks.list(known.vm, known.part.findings) : [] },
    );
    openCase(row.vm);
    if (!known || known.state === 'failed') triage(row.vm);
  }

  function open(): void {
    const layer = top(state);
    if (layer.kind === 'suspects') {
      const row = selectedRow(state);
      if (row) openTriage(row);
    } else if (layer.kind === 'triage') {
      const index = layer.selected[layer.pane];
      if (itemCount(state.triages.get(layer.vmId)?.part, layer.pane) > 0) {
        push({ kind: 'detail', vmId: layer.vmId, pane: layer.pane, index, scroll: 0 });
      }
    } else if (layer.kind === 'chooser') {
      startPlaybook(layer.vmId, layer.selected);
    }
  }

  function back(): void {
    const layer = top(state);
    if (layer.kind === 'input') {
      pop(layer.purpose === 'filter' ? { filter: layer.before } : {});
      if (layer.purpose === 'search') searchFor(layer.before);
    } else if (layer.kind === 'triage' && layer.zoomed) {
      replaceTop({ ...layer, zoomed: false });
    } else if (layer.kind === 'transcript' && layer.search !== '') {
      replaceTop({ ...layer, search: '', selected: null });
    } else if (layer.kind === 'suspects') {
      if (state.filter !== '') set({ filter: '' });
    } else {
      pop();
    }
  }

  function searchFor(search: string): void {
    const layer = top(state);
    if (layer.kind === 'transcript') replaceTop({ ...layer, search, selected: null });
  }

  function changeText(change: (text: string) => string): void {
    const layer = top(state);
    const bounded = (text: string) => text.slice(0, longestInput);
    if (layer.kind === 'input') {
      const text = bounded(change(layer.text));
      replaceTop({ ...layer, text }, layer.purpose === 'filter' ? { filter: text } : {});
    } else if (layer.kind === 'palette') {
      replaceTop({ ...layer, text: bounded(change(layer.text)), selected: 0 });
    } else if (answerable()) {
      set({ typed: bounded(change(state.typed)), refusal: '' });
    }
  }

  function submit(): void {
    const layer = top(state);
    if (layer.kind !== 'input') {
      submitPrompt();
      return;
    }
    pop();
    if (layer.purpose === 'search') searchFor(layer.text);
    const text = layer.text.trim();
    if (layer.purpose !== 'note' || text === '') return;
    write(
      layer.vmId,
      async (openedCase) => {
        await openedCase.note(text);
        say('Noted in the case file.', 'good');
      },
      (because) => say(`The note was not written: ${because}`, 'bad'),
    );
  }

  /** The machine that a note or the transcript is about; opens its case when that has not happened yet. */
  function caseInHand(): string | null {
    const vmId = machineOf(state) ?? selectedRow(state)?.id ?? null;
    if (vmId === null) return null;
    const row = state.scan.rows.find((one) => one.id === vmId);
    const vm = row?.vm ?? state.triages.get(vmId)?.vm;
    if (vm) openCase(vm);
    return vmId;
  }

  function exportCase(): void {
    const vmId = machineOf(state);
    if (vmId === null) return;
    write(
      vmId,
      async (openedCase) => say(`Exported to ${await openedCase.export()}`, 'good'),
      (because) => say(`The case was not exported: ${because}`, 'bad'),
    );
  }

  function refresh(): void {
    const vmId = machineOf(state);
    const slot = vmId === null ? undefined : state.triages.get(vmId);
    if (slot) triage(slot.vm);
    else scan();
  }

  function changePane(to: Pane | 'next' | 'previous'): void {
    const layer = top(state);
    if (layer.kind !== 'triage') return;
    const at = panes.indexOf(layer.pane);
    const step = to === 'next' ? 1 : -1;
    const pane = to === 'next' || to === 'previous' ? panes[(at + step + panes.length) % panes.length] : to;
    if (pane) replaceTop({ ...layer, pane });
  }

  function dispatch(command: Command): void {
    switch (command.type) {
      case 'move':
        moveTo((now) => now + command.by, command.of);
        return;
      case 'edge':
        moveTo((_, size) => (command.to === 'first' ? 0 : size > 0 ? size - 1 : (command.of ?? 1) - 1), command.of);
        return;
      case 'open':
        open();
        return;
      case 'back':
        back();
        return;
      case 'pane':
        changePane(command.to);
        return;
      case 'zoom': {
        const layer = top(state);
        if (layer.kind === 'triage') replaceTop({ ...layer, zoomed: !layer.zoomed });
        return;
      }
      case 'sort':
        set({ sort: sorts[(sorts.indexOf(state.sort) + 1) % sorts.length] ?? 'suspicion' });
        return;
      case 'refresh':
        refresh();
        return;
      case 'filter':
        push({ kind: 'input', purpose: 'filter', text: state.filter, before: state.filter, vmId: '' });
        return;
      case 'search': {
        const layer = top(state);
        if (layer.kind !== 'transcript') return;
        push({ kind: 'input', purpose: 'search', text: layer.search, before: layer.search, vmId: layer.vmId });
        return;
      }
      case 'note': {
        const vmId = caseInHand();
        if (vmId !== null) push({ kind: 'input', purpose: 'note', text: '', before: '', vmId });
        return;
      }
      case 'transcript': {
        const vmId = caseInHand();
        if (vmId !== null) push({ kind: 'transcript', vmId, selected: null, search: '' });
        return;
      }
      case 'playbooks': {
        const row = top(state).kind === 'suspects' ? selectedRow(state) : undefined;
        if (row) openTriage(row);
        const vmId = machineOf(state);
        const slot = vmId === null ? undefined : state.triages.get(vmId);
        if (!slot || vmId === null) return;
        push({ kind: 'chooser', vmId, selected: 0 }, { offers: ports.playbooks.list(slot.vm, slot.part.findings) });
        return;
      }
      case 'choose': {
        const layer = top(state);
        if (layer.kind !== 'chooser' || command.index >= state.offers.length) return;
        replaceTop({ ...layer, selected: command.index });
        startPlaybook(layer.vmId, command.index);
        return;
      }
      case 'jobs': {
        const waiting = state.runs.find((slot) => slot.view.prompt !== null);
        const slot = waiting ?? state.runs.at(-1);
        const layer = top(state);
        if (!slot || (layer.kind === 'run' && layer.runId === slot.id)) return;
        push({ kind: 'run', runId: slot.id, scroll: 0 });
        return;
      }
      case 'help':
        push({ kind: 'help', selected: 0 });
        return;
      case 'palette':
        push({ kind: 'palette', text: '', selected: 0 });
        return;
      case 'copy': {
        const because = ports.clipboard.copy(command.text);
        if (because === '') say(`Copied ${command.what}.`, 'good');
        else say(`Not copied: ${because}`, 'bad');
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
        answer('y');
        return;
      case 'no':
        no();
        return;
      case 'skip':
        if (answerable() && top(state).kind === 'run') runOnScreen()?.run.skip();
        return;
      case 'end-run':
        no();
        return;
      case 'undo':
        askUndo();
        return;
      case 'keep':
        runOnScreen()?.run.keep();
        return;
      case 'quit':
        quit();
        return;
      case 'leave':
        leave();
        return;
      case 'tell':
        say(command.text, 'bad');
        return;
      case 'arrival':
        state = { ...state, batch: state.batch + 1 };
        return;
      case 'prompt-shown':
        // Not set(): nothing on screen depends on it.
        if (command.key === state.armed.key) state = { ...state, armed: { ...state.armed, shown: true } };
        return;
      case 'resize':
        set({ columns: command.columns, rows: command.rows });
        return;
      case 'tick':
        set({});
        return;
    }
  }

  return {
    state: () => state,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    dispatch,
    start() {
      reader.identity().then(
        (identity) => set({ identity }),
        (error: unknown) => say(`Who you are could not be read: ${sentence(error)}`, 'bad'),
      );
      scan();
    },
    explain(vmId, portIndex) {
      const part = state.triages.get(vmId)?.part;
      if (!part) return [];
      return reader.explain(part, portIndex);
    },
    left,
    runningOperations,
    transcripts() {
      return [...state.cases.values()].flatMap((slot) => (slot.openCase ? [slot.openCase.transcript] : []));
    },
    async close() {
      state = { ...state, closing: true };
      scanning?.abort();
      for (const controller of reading.values()) controller.abort();
      await Promise.allSettled(caseQueues.values());
      await Promise.allSettled([...state.cases.values()].map((slot) => slot.openCase?.close() ?? Promise.resolve()));
    },
  };
}

/** Is there anything on screen that grows older by the second? */
export function ticks(state: SessionState): boolean {
  const layer = beneath(state);
  if (state.toast || jobsOf(state.runs).length > 0) return true;
  if (state.runs.some((slot) => slot.view.autoUndoAt !== null)) return true;
  return layer.kind === 'suspects' || layer.kind === 'triage' || layer.kind === 'detail';
}
