import type { Recommendation } from '../../documents/conclusion.ts';
import type { StepView } from '../../playbook/run.ts';
import type { TriageInProgress } from '../../triage/in-progress.ts';
import { recommendationsOf } from '../../triage/recommendations.ts';
import { isOurs } from '../../words/story.ts';
import type { RunSlot, SessionState } from '../state.ts';

/** The ports that more than a few addresses of the Internet reach now, "3389", "8080-8090"; null when it is not known. */
export function openPorts(part: TriageInProgress | undefined): string[] | null {
  if (part?.exposure?.state !== 'known') return null;
  const open = part.exposure.value.ports.filter(({ sources }) => sources.breadth !== 'narrow');
  const names = open.map(({ protocol, from, to }) =>
    protocol !== 'tcp' && protocol !== 'udp' ? protocol : from === to ? `${from}` : `${from}-${to}`,
  );
  return [...new Set(names)];
}

const lockStep = ({ view }: RunSlot) => view.steps.find((step) => step.action === 'nsg.lock');

/** The step of the playbook that locked the VM, while the lock is in force. */
export function lockOf(run: RunSlot): StepView | undefined {
  const step = lockStep(run);
  return step?.state === 'done' ? step : undefined;
}

/** The recommendations for the VM that are still open, the most urgent first. */
export function leftToDo(state: SessionState, vmId: string): Recommendation[] {
  const part = state.triages.get(vmId)?.part;
  return part ? recommendationsOf(part) : [];
}

/** Is the VM locked by a playbook of this session? */
export function lockedHere(state: SessionState, vmId: string): boolean {
  return state.runs.some((run) => run.vmId === vmId && !run.earlier && lockOf(run) !== undefined);
}

/** Does the VM seem to have a lock of cordon's, by the facts so far? Azure is asked before anything follows from it. */
export function seemsLocked(state: SessionState, vmId: string): boolean {
  const exposure = state.triages.get(vmId)?.part.exposure;
  const ports = exposure?.state === 'known' ? exposure.value.ports : [];
  // Changes that earlier sessions left were read when this one began.
  const undoneHere = state.runs.some((run) => run.vmId === vmId && run.earlier && run.view.outcome === 'undone');
  return (
    ports.some(({ decidedBy }) => decidedBy.some(({ nsg }) => isOurs(nsg))) ||
    (state.halfDone.some(({ vm }) => vm.id.toLowerCase() === vmId.toLowerCase()) && !undoneHere) ||
    lockedHere(state, vmId)
  );
}

/** A playbook that would have locked the VM and came to its end without, or was undone; what is open meanwhile. */
export interface LeftOpen {
  run: RunSlot;
  /** The number of the step where it ended, from 1; null where its lock was undone. */
  step: number | null;
  ports: string[];
}

/**
 * The containment of a VM that was ended with the door open, or whose lock was undone; null when there is none, or the VM
 * is closed.
 */
export function leftOpen(state: SessionState, vmId: string): LeftOpen | null {
  if (lockedHere(state, vmId)) return null;
  const run = state.runs.findLast((one) => one.vmId === vmId && !one.earlier && lockStep(one) !== undefined);
  const ports = openPorts(state.triages.get(vmId)?.part);
  if (!run || run.view.outcome === 'running' || ports === null || ports.length === 0) return null;
  return { run, step: run.view.outcome === 'undone' ? null : run.view.current + 1, ports };
}
