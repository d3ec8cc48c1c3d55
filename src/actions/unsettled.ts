import { provisioningOf } from '../arm/provisioning.ts';
import type { Verification } from '../playbook/action.ts';

/**
 * What the state of a network or compute resource has against a verification: that Azure is still at a change of it, which proves
 * nothing yet, that its last change failed, or that Azure does not say, which it does of each of these. null when it ended well.
 */
export function unsettled(name: string, resource: unknown): Verification | null {
  const { state, progress } = provisioningOf(resource);
  if (state === '') return { ok: null, text: `Azure does not say in what state ${name} is.` };
  if (progress === 'ended') return null;
  return progress === 'failed'
    ? { ok: false, text: `${name} is ${state}.` }
    : { ok: null, text: `${name} is ${state}: Azure is still at it.` };
}
