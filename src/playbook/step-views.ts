import type { Danger, PlannedStep, RunDocument } from '../documents/run.ts';
import { type ActionPlan, nothingPlanned } from './action.ts';
import type { PlaybookStep } from './playbook.ts';
import type { StepState, StepView } from './run.ts';

function kindOf(step: PlaybookStep): PlannedStep['kind'] {
  if (step.uses !== undefined) return 'action';
  if (step.check !== undefined) return 'check';
  return step.ask === undefined ? 'note' : 'ask';
}

/** A step before anything is known of it but what its playbook says. */
export function pendingView(definition: PlaybookStep): StepView {
  return {
    id: definition.id,
    title: definition.title,
    kind: kindOf(definition),
    action: definition.uses ?? definition.check ?? '',
    guidance: definition.guidance ?? definition.note ?? '',
    ...nothingPlanned(),
    state: 'pending',
    progress: null,
    verified: null,
    correlationIds: [],
    startedAt: '',
    endedAt: '',
    error: '',
    undoable: false,
  };
}

/** A change always takes a confirmation, whatever its action says. */
function atLeast(danger: Danger): Danger {
  return danger === 'none' ? 'reversible' : danger;
}

/** What a plan says of its step. */
export function planShown(plan: ActionPlan): Partial<StepView> {
  return {
    changes: plan.changes,
    touches: plan.touches,
    permissions: plan.permissions,
    danger: plan.changes.length === 0 ? 'none' : atLeast(plan.danger),
    undo: plan.undo,
    consequences: plan.consequences,
    warnings: plan.refused ? [...plan.warnings, plan.refused.because] : plan.warnings,
  };
}

/** Has the step come to its end, good or bad? */
export function ended(state: StepState): boolean {
  return state === 'done' || state === 'failed' || state === 'skipped' || state === 'undone';
}

/** The part of a step that a plan's document holds. */
export function plannedPart(view: StepView): PlannedStep {
  const { id, title, kind, action, guidance, changes, touches, permissions, danger, undo, warnings } = view;
  const consequences = view.consequences ?? [];
  return { id, title, kind, action, guidance, changes, touches, permissions, danger, undo, warnings, consequences };
}

/** The step as a run's document holds it. */
export function ranPart(view: StepView): RunDocument['steps'][number] {
  const { verified, correlationIds, error } = view;
  return { ...plannedPart(view), outcome: outcomeOf(view.state), verified, correlationIds: [...correlationIds], error };
}

function outcomeOf(state: StepState): RunDocument['steps'][number]['outcome'] {
  switch (state) {
    case 'done':
    case 'failed':
    case 'skipped':
    case 'undone':
      return state;
    case 'pending':
    case 'planning':
    case 'planned':
    case 'waiting':
      return 'not-reached';
    default:
      return 'running';
  }
}
