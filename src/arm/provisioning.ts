import { textAt } from './json.ts';

/** How far Azure is with the last change of a resource. */
export interface Provisioning {
  /** As Azure prints it: "Succeeded", "Updating"; "" where the type has none. */
  state: string;
  progress: 'ended' | 'failed' | 'under way';
}

/**
 * What a provisioning state says. "Succeeded", "Failed" and "Canceled" are the only ends, and every other value is of a change that
 * goes on: learn.microsoft.com/azure/azure-resource-manager/management/async-operations, "provisioningState values", as read
 * 2026-11-30. Types without the property (role assignments, management locks) are written at once.
 */
export function provisioningFrom(state: string): Provisioning {
  if (state === '' || /^succeeded$/i.test(state)) return { state, progress: 'ended' };
  return { state, progress: /^(failed|cancell?ed)$/i.test(state) ? 'failed' : 'under way' };
}

/**
 * Does Azure print a state with every resource at this path? Those of Compute and Network have one, by their specifications: an answer
 * without it says nothing of the last change.
 */
export const printsProvisioning = (path: string): boolean =>
  /\/providers\/microsoft\.(compute|network)\/(?!.*\/providers\/)/i.test(path);

/** The same of a resource as Azure prints it. */
export const provisioningOf = (resource: unknown): Provisioning =>
  provisioningFrom(textAt(resource, 'properties', 'provisioningState'));
