/** What the workbench's first frame needs, so that it is loaded by one import: after the colours are decided. */
export { rebind } from '../../views/keymap.ts';
export { runWorkbench } from '../../views/workbench.tsx';
export { terminalClipboard } from '../session/clipboard.ts';
export { wallStopwatch } from '../session/prompts/reading-time.ts';
export { createSession } from '../session/session.ts';
