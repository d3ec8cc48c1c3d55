import { type ActionPlan, nothingPlanned } from '../playbook/action.ts';

/** A plan that does nothing, and why: it is so already, or it cannot be done. */
export function refusedPlan(title: string, kind: 'nothing-to-do' | 'impossible', because: string): ActionPlan {
  return {
    title,
    ...nothingPlanned(),
    consequences: [],
    refused: { kind, because },
    state: {},
  };
}
