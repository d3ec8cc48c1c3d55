import { type ActionPlan, nothingPlanned } from '../playbook/action.ts';

/** Why a plan does nothing: it is so already, or it cannot be done. */
export type Refusal = NonNullable<ActionPlan['refused']>;

export const impossible = (because: string): Refusal => ({ kind: 'impossible', because });

/** A plan that does nothing, and why: it is so already, or it cannot be done. */
export function refusedPlan(title: string, kind: Refusal['kind'], because: string): ActionPlan {
  return {
    title,
    ...nothingPlanned(),
    consequences: [],
    refused: { kind, because },
    state: {},
  };
}
