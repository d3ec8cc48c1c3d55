import type { Session } from '../src/session/session.ts';
import { type ActSlot, actTitle, type RunSlot, type SessionState } from '../src/session/state.ts';
import { steady } from '../src/text/cells.ts';

/** What in a playbook needs the user: its prompt, or that it has ended; "" while it works. */
function wants({ view, id }: RunSlot): string {
  const about = `${view.playbook} on ${view.vm.name}`;
  if (view.prompt) return `${id} ${view.prompt.question} ${about} waits for you`;
  return view.outcome === 'running' ? '' : `${id} ${view.outcome} ${about}: ${view.outcome.replace('-', ' ')}`;
}

/** The same of a playbook on several VMs. */
function actWants(slot: ActSlot): string {
  const { view, id } = slot;
  if (view.prompt) return `act ${id} ${actTitle(slot)} waits for you`;
  return view.phase === 'over' ? `act ${id} ${actTitle(slot)} is over` : '';
}

const titleOf = (state: SessionState): string => {
  const act = state.acts.find(({ view }) => view.prompt !== null);
  if (act) return `cordon: ${actTitle(act)} waits for you`;
  const waiting = state.runs.find(({ view }) => view.prompt !== null);
  const last = waiting ?? state.runs.at(-1);
  if (!last) return 'cordon';
  const { view } = last;
  const how = view.prompt ? 'waits for you' : view.outcome === 'running' ? 'works' : view.outcome.replace('-', ' ');
  return `cordon: ${view.playbook} on ${view.vm.name} ${how}`;
};

/**
 * Rings the terminal's bell and names the cause in its title, each time a playbook begins to wait for an answer or comes to
 * its end: a user who looks elsewhere sees it. Returns the way to stop; the title is then as it was.
 */
export function attention(session: Pick<Session, 'state' | 'subscribe'>, write: (text: string) => void): () => void {
  let known = new Set<string>();
  let title = '';
  const stop = session.subscribe(() => {
    const state = session.state();
    const now = new Set([...state.runs.map(wants), ...state.acts.map(actWants)].filter((one) => one !== ''));
    const isNew = [...now].some((one) => !known.has(one));
    known = now;
    const next = steady(titleOf(state), 120);
    if (state.runs.length + state.acts.length > 0 && next !== title) {
      // The terminal keeps the title that was there.
      write(`${title === '' ? '\u001b[22;2t' : ''}\u001b]2;${next}\u0007`);
      title = next;
    }
    if (isNew) write('\u0007');
  });
  return () => {
    stop();
    if (title !== '') write('\u001b[23;2t');
  };
}
