import type { PlaybookRun, Prompt, RunView } from '../../playbook/run.ts';
import { steady } from '../../text/cells.ts';
import { type ConfirmWords, type RunSlot, runLayer, type SessionState, top } from '../state.ts';
import { type Holder, sentence } from '../state-store.ts';
import { openPorts } from './containment.ts';
import { jobsOf } from './jobs.ts';
import type { Playbooks } from './playbooks.ts';

/** How long leaving waits for playbooks that are at a prompt to end. */
const endingMilliseconds = 3_000;

/** Why no playbook can be started for the VM; "" when one can. */
function refusal(state: SessionState, vmId: string): string {
  if (state.readOnly) return 'This session is read-only: nothing can be changed in Azure.';
  const slot = state.cases.get(vmId);
  if (!slot || slot.state === 'opening') return 'The case file is being opened: try again in a moment.';
  if (slot.state === 'failed') return `No case file, so nothing can be changed in Azure: ${slot.because}`;
  return '';
}

/** Starts playbooks and follows them. `changed` is called when Azure may look different for a VM. */
export function playbookRuns(holder: Holder, playbooks: Playbooks, now: () => Date, changed: (vmId: string) => void) {
  const runs = new Map<number, PlaybookRun>();
  const endings = new Map<number, Promise<unknown>>();
  /** Playbooks that are being made ready: `vmId name`. */
  const starting = new Set<string>();
  let next = 1;

  function put(id: number, view: RunView, changes: Partial<RunSlot> = {}): void {
    const stateOf = (of: RunView) => `${of.current} ${of.steps[of.current]?.state ?? ''}`;
    holder.set({
      runs: holder.get().runs.map((slot) => {
        if (slot.id !== id) return slot;
        const since = stateOf(slot.view) === stateOf(view) ? slot.since : now().toISOString();
        return { ...slot, view, since, ...changes };
      }),
    });
  }

  function slotOf(vmId: string, run: PlaybookRun, earlier: boolean): RunSlot {
    const id = next;
    next += 1;
    runs.set(id, run);
    return {
      id,
      vmId,
      view: run.view(),
      since: now().toISOString(),
      undoing: false,
      earlier,
      openBefore: earlier ? null : openPorts(holder.get().triages.get(vmId)?.part),
    };
  }

  function begin(name: string, vmId: string, run: PlaybookRun): void {
    const slot = slotOf(vmId, run, false);
    const { id } = slot;
    const state = holder.get();
    // Someone who has gone elsewhere meanwhile is not pulled back.
    const onScreen = top(state);
    const stayed = onScreen.kind === 'chooser' && onScreen.vmId === vmId;
    holder.set({
      runs: [...state.runs, slot],
      ...(stayed ? { layers: [...state.layers.slice(0, -1), runLayer(state, id)] } : {}),
    });
    if (!stayed) holder.say(`${name} is ready: w shows it.`);
    run.subscribe(() => put(id, run.view()));
    follow(id, run, () => run.start());
  }

  /** Puts what comes of it into the state. */
  function follow(id: number, run: PlaybookRun, go: () => Promise<RunView>): void {
    const ending = go().then(
      (view) => {
        put(id, view);
        const slot = holder.get().runs.find((one) => one.id === id);
        if (slot && view.steps.some((step) => step.state === 'done' && step.kind === 'action')) changed(slot.vmId);
      },
      (error: unknown) => {
        const view = run.view();
        put(id, view);
        holder.say(`${view.playbook} stopped: ${sentence(error)}`, 'bad');
      },
    );
    endings.set(id, ending);
  }

  /** Continues the playbook on screen where it was ended. */
  function resume(): void {
    const found = onScreen();
    if (found?.slot.view.outcome !== 'cancelled') return;
    const refused = refusal(holder.get(), found.slot.vmId);
    if (refused !== '') {
      holder.say(refused, 'bad');
      return;
    }
    holder.note({ awaited: true });
    follow(found.slot.id, found.run, () => found.run.resume());
  }

  async function makeReady(name: string, vmId: string): Promise<void> {
    const state = holder.get();
    const openCase = state.cases.get(vmId)?.openCase;
    const vm = state.triages.get(vmId)?.vm;
    if (!openCase || !vm) return;
    const place = `${vmId} ${name}`;
    if (starting.has(place)) return;
    starting.add(place);
    try {
      const run = await playbooks.start(name, vm, openCase);
      if (!holder.get().closing) begin(name, vmId, run);
    } catch (error) {
      holder.say(`${name} cannot be started: ${sentence(error)}`, 'bad');
    } finally {
      starting.delete(place);
    }
  }

  /** Starts the playbook at a place of the offers; shows it when it is going on already. */
  function start(vmId: string, index: number): void {
    const state = holder.get();
    const offer = state.offers[index];
    if (!offer) return;
    const refused = offer.disabled || refusal(state, vmId);
    if (refused !== '') {
      holder.say(refused, 'bad');
      return;
    }
    // Two of the same at once would undo each other's before-state.
    const going = state.runs.find(
      (slot) => slot.vmId === vmId && slot.view.playbook === offer.name && slot.view.outcome === 'running',
    );
    holder.note({ awaited: true });
    if (going) holder.replaceTop(runLayer(state, going.id));
    else void makeReady(offer.name, vmId);
  }

  /** The playbook that is drawn, or that the question on screen is about. */
  function onScreen(): { slot: RunSlot; run: PlaybookRun } | null {
    const state = holder.get();
    const layer = top(state);
    const id = layer.kind === 'run' || layer.kind === 'confirm' ? layer.runId : -1;
    const slot = state.runs.find((one) => one.id === id);
    const run = runs.get(id);
    return slot && run ? { slot, run } : null;
  }

  function ask(prompt: Omit<Prompt, 'step'>, then: 'quit' | 'undo', runId: number, words: ConfirmWords): void {
    holder.push({ kind: 'confirm', prompt: { step: then, ...prompt }, then, runId, vmId: '', words });
  }

  function askUndo(): void {
    const found = onScreen();
    if (!found) return;
    const { view } = found.slot;
    const done = view.steps.filter((step) => step.undoable);
    if (done.length === 0) {
      holder.say('There is nothing to undo: no step that changes Azure was done.');
      return;
    }
    if (view.outcome === 'running') {
      holder.say('The playbook still runs: Esc at its prompt, then x ends it; then it can be undone.');
      return;
    }
    const disruptive = done.some((step) => step.danger === 'disruptive');
    const what = done.length === 1 ? 'the step that was done' : `the ${done.length} steps that were done`;
    ask(
      {
        level: disruptive ? 'disruptive' : 'reversible',
        question: `Undo ${what} on ${view.vm.name}?`,
        expects: disruptive ? view.vm.name : 'y',
        consequences: done.map((step) => `${step.title}: ${step.undo}`).reverse(),
      },
      'undo',
      found.slot.id,
      { yes: 'undo', no: done.some((step) => step.action === 'nsg.lock') ? 'no, keep the lock' : 'no, keep it' },
    );
  }

  /** The playbook of this session that has locked the VM, or is about to. */
  function lockingHere(vmId: string): RunSlot | undefined {
    return holder
      .get()
      .runs.findLast(
        ({ vmId: of, view }) =>
          of === vmId &&
          view.steps.some(({ action, undoable }) => action === 'nsg.lock' && (undoable || view.outcome === 'running')),
      );
  }

  /** Shows the lock of the VM, of this session or another, and asks whether to undo it. */
  async function undoLock(vmId: string): Promise<void> {
    const refused = refusal(holder.get(), vmId);
    if (refused !== '') {
      holder.say(refused, 'bad');
      return;
    }
    const here = lockingHere(vmId);
    if (here && !here.earlier) {
      holder.push(runLayer(holder.get(), here.id));
      if (!here.undoing) askUndo();
      return;
    }
    if (here?.undoing) holder.push(runLayer(holder.get(), here.id));
    else await undoEarlierLocks(vmId, here);
  }

  /** Asks Azure each time: what stood there a while ago says nothing. `shown` is the same as it was found before. */
  async function undoEarlierLocks(vmId: string, shown: RunSlot | undefined): Promise<void> {
    const { cases, triages } = holder.get();
    const openCase = cases.get(vmId)?.openCase;
    const vm = triages.get(vmId)?.vm;
    const place = `${vmId} undo`;
    if (!openCase || !vm || starting.has(place)) return;
    starting.add(place);
    const asked = top(holder.get());
    holder.say(`Reading which locks stand at ${vm.name} …`);
    try {
      const run = await playbooks.earlierLocks(vm, openCase);
      if (holder.get().closing) return;
      if (run === null) {
        const left = holder.get().halfDone.find((one) => one.vm.id.toLowerCase() === vmId.toLowerCase());
        const also = left ? ` ${left.text}: ${left.command}` : '';
        holder.say(`No lock of cordon stands at ${vm.name}.${also}`, left ? 'bad' : 'plain');
        return;
      }
      const slot = slotOf(vmId, run, true);
      run.subscribe(() => put(slot.id, run.view()));
      holder.set({ runs: [...holder.get().runs.filter(({ id }) => id !== shown?.id), slot] });
      // Someone who has gone elsewhere meanwhile is not pulled back.
      if (top(holder.get()).kind !== asked.kind) {
        holder.say(`The lock at ${vm.name} can be undone: w shows it.`);
        return;
      }
      holder.push(runLayer(holder.get(), slot.id), { toast: null });
      askUndo();
    } catch (error) {
      holder.say(`What locks ${vm.name} cannot be undone from here: ${sentence(error)}`, 'bad');
    } finally {
      starting.delete(place);
    }
  }

  function undo(id: number): void {
    const run = runs.get(id);
    if (!run) return;
    put(id, run.view(), { undoing: true });
    run.undo().then(
      (view) => {
        put(id, view, { undoing: false });
        const slot = holder.get().runs.find((one) => one.id === id);
        if (slot) changed(slot.vmId);
      },
      (error: unknown) => {
        put(id, run.view(), { undoing: false });
        holder.say(`The undo stopped: ${sentence(error)}`, 'bad');
      },
    );
  }

  /** What goes on in Azure now, one line each. */
  function operations(): string[] {
    return jobsOf(holder.get().runs)
      .filter((job) => !job.waiting)
      .map((job) => steady(`${job.title}${job.text === '' ? '' : ` (${job.text})`}`, 300));
  }

  /** What would be undone by itself, were cordon not left, one sentence each. */
  function timers(): string[] {
    return holder
      .get()
      .runs.filter((slot) => slot.view.autoUndoAt !== null)
      .map((slot) => {
        const openCase = holder.get().cases.get(slot.vmId)?.openCase;
        const { playbook, vm, autoUndoAt, guardedBy } = slot.view;
        const cure = openCase ? `cordon undo ${openCase.id} undoes it` : 'undo it by hand';
        const text = guardedBy
          ? `${playbook} on ${vm.name} is undone at ${autoUndoAt} by ${guardedBy}, unless you keep it: cordon undo ${openCase?.id ?? ''} --keep.`
          : `${playbook} on ${vm.name} is not undone by itself once cordon is gone: ${cure}.`;
        return steady(text, 300);
      });
  }

  return {
    start,
    /** Makes the playbook ready for a VM whose case is open; it waits at its first prompt, and `w` shows it. */
    async startFor(vmId: string, name: string): Promise<void> {
      const because = refusal(holder.get(), vmId);
      if (because === '') await makeReady(name, vmId);
      else holder.say(because, 'bad');
    },
    resume,
    onScreen,
    askUndo,
    undoLock,
    undo,
    operations,
    timers,
    askQuit(): void {
      const going = [...operations().map((one) => `Goes on in Azure without you: ${one}`), ...timers()];
      ask(
        {
          level: 'reversible',
          question: going.length > 0 ? 'Leave cordon while work goes on?' : 'Leave cordon?',
          expects: 'y',
          consequences: going.length > 0 ? going : ['Nothing of cordon runs in Azure now; the case files are kept.'],
        },
        'quit',
        -1,
        { yes: 'leave', no: 'stay' },
      );
    },
    /** Has each playbook write down what goes on without this process. */
    async leave(): Promise<void> {
      const pending = holder
        .get()
        .runs.filter((slot) => slot.view.autoUndoAt !== null || slot.view.outcome === 'running');
      await Promise.allSettled(pending.map((slot) => runs.get(slot.id)?.leave?.() ?? Promise.resolve()));
    },
    /** Ends the playbooks that wait for an answer, so that the case file says how they ended. */
    async endWaiting(): Promise<void> {
      const waiting = holder.get().runs.filter((slot) => slot.view.prompt !== null);
      for (const slot of waiting) runs.get(slot.id)?.cancel();
      const ended = Promise.allSettled(waiting.map((slot) => endings.get(slot.id) ?? Promise.resolve()));
      let timer: NodeJS.Timeout | undefined;
      const patience = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, endingMilliseconds);
      });
      await Promise.race([ended, patience]);
      clearTimeout(timer);
    },
  };
}
