import type { Playbook } from '../playbook/playbook.ts';

/** The playbook with more settings in the steps that use these actions or checks, by their names. */
export function withStepOptions(playbook: Playbook, added: ReadonlyMap<string, object>): Playbook {
  return {
    ...playbook,
    steps: playbook.steps.map((step) => {
      const more = added.get(step.uses ?? step.check ?? '') ?? {};
      return Object.keys(more).length === 0 ? step : { ...step, with: { ...step.with, ...more } };
    }),
  };
}
