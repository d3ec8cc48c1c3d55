import { identityChanges } from '../triage/story.ts';
import type { SessionState, TriageSlot } from './state.ts';

/** A VM on which the identity of a compromised VM ran a command. */
interface ReachedFrom {
  /** Name of the VM whose identity it was. */
  name: string;
  /** ISO 8601 UTC. */
  at: string;
}

let last: { triages: SessionState['triages']; reached: ReadonlyMap<string, ReachedFrom> } | null = null;

function reachedIn(slots: Iterable<TriageSlot>): Map<string, ReachedFrom> {
  const reached = new Map<string, ReachedFrom>();
  for (const { part } of slots) {
    const { activity } = part.posture;
    const logons = part.logons?.state === 'known' ? part.logons.value : null;
    const broken = logons?.bursts.some(({ success }) => success.state === 'known' && success.value !== null) ?? false;
    if (activity?.state !== 'known' || !broken) continue;
    for (const [, { kind, resource, at }] of identityChanges(activity.value, logons)) {
      const id = resource.toLowerCase();
      if (kind === 'command' && id !== part.vm.id.toLowerCase()) reached.set(id, { name: part.vm.name, at });
    }
  }
  return reached;
}

/** From which compromised VM, of those that were opened, a command was run on this one; undefined when from none. */
export function reachedFrom(state: Pick<SessionState, 'triages'>, vmId: string): ReachedFrom | undefined {
  if (last?.triages !== state.triages) last = { triages: state.triages, reached: reachedIn(state.triages.values()) };
  return last.reached.get(vmId.toLowerCase());
}
