import type { Session } from '../src/session/session.ts';
import type { Mode, SessionState } from '../src/session/state.ts';
import { type Given, views } from './binding.ts';
import { bodyHeight } from './page-body.ts';

// Under a prompt too: what is asked must be readable to its end.
const scrolled: readonly Mode[] = [...views, 'help', 'palette', 'prompt-key', 'prompt-text', 'prompt-next'];

/** The views in which letters move. */
const viewed: readonly Mode[] = [...views.filter((mode) => mode !== 'run' && mode !== 'act'), 'help'];

/** The keys that move the cursor; `sizeOf` shows how long the list on screen is. */
export function movingBindings(sizeOf: (state: SessionState, session: Session) => number): Given[] {
  const row = (id: string, key: string, description: string, commands: Given['commands']): Given => ({
    id,
    keys: [key],
    name: description.toLowerCase(),
    description,
    modes: scrolled,
    footer: false,
    runnable: false,
    commands,
  });
  const by =
    (rows: number): Given['commands'] =>
    (state, session) => [{ type: 'move', by: rows, of: sizeOf(state, session) }];
  const byPages =
    (pages: number): Given['commands'] =>
    (state, session) => [
      { type: 'move', by: Math.trunc(pages * Math.max(2, bodyHeight(session, state) - 1)), of: sizeOf(state, session) },
    ];
  const toEdge =
    (to: 'first' | 'last'): Given['commands'] =>
    (state, session) => [{ type: 'edge', to, of: sizeOf(state, session) }];
  return [
    row('up', 'Up', 'Move up', by(-1)),
    row('down', 'Down', 'Move down', by(1)),
    row('page-up', 'PageUp', 'Move up by a page', byPages(-1)),
    row('page-down', 'PageDown', 'Move down by a page', byPages(1)),
    row('first', 'Home', 'Go to the first', toEdge('first')),
    row('last', 'End', 'Go to the last', toEdge('last')),
    // As vi and less have them; where text is typed, and where k keeps a lock, these are letters.
    { ...row('vi-up', 'k', 'Move up', by(-1)), modes: viewed },
    { ...row('vi-down', 'j', 'Move down', by(1)), modes: viewed },
    { ...row('vi-first', 'g', 'Go to the first', toEdge('first')), modes: viewed },
    { ...row('vi-last', 'G', 'Go to the last', toEdge('last')), modes: viewed },
    { ...row('half-page-up', 'Ctrl+U', 'Move up by half a page', byPages(-0.5)), modes: [...viewed, 'run', 'act'] },
    { ...row('half-page-down', 'Ctrl+D', 'Move down by half a page', byPages(0.5)), modes: [...viewed, 'run', 'act'] },
    { ...row('vi-page-up', 'Ctrl+B', 'Move up by a page', byPages(-1)), modes: [...viewed, 'run', 'act'] },
    { ...row('vi-page-down', 'Ctrl+F', 'Move down by a page', byPages(1)), modes: [...viewed, 'run', 'act'] },
  ];
}
