import { provisioningOf } from '../arm/provisioning.ts';
import type { Verification } from '../playbook/action.ts';

/**
 * What the state of a resource has against a verification: that Azure is still at a change of it, which proves nothing yet, or that
 * its last change failed. null when it ended well.
 */
export function unsettled(name: string, resource: unknown): Verification | null {
  const { state, progress } = provisioningOf(resource);
  if (progress === 'ended') return null;
  return progress === 'failed'
    ? { ok: false, text: `${name} is ${state}.` }
    : { ok: null, text: `${name} is ${state}: Azure is still at it.` };
}
