import fuzzysort from 'fuzzysort';
import type { Command } from '../src/session/commands.ts';
import {
  addressesOf,
  beneath,
  burstInHand,
  type Layer,
  type Mode,
  machineOf,
  modeOf,
  type SessionState,
  top,
} from '../src/session/state.ts';
import type { Session } from '../src/session/store.ts';
import { selectedRow } from '../src/session/suspects.ts';
import { copyText } from './copy-text.ts';
import { bodyHeight, bodyRowCount } from './page-body.ts';
import { foundEntries } from './transcript-text.ts';

/** One thing a person can do: its keys, its words, where it applies, and what it asks of the session. */
export interface Binding {
  id: string;
  /** As they are written on screen: "Enter", "Tab", "Ctrl+C", "p". */
  keys: readonly string[];
  /** A word or two, for the footer. */
  name: string;
  /** A sentence, for help, palette and README. */
  description: string;
  modes: readonly Mode[];
  /** Leads to a change in Azure; it asks before. */
  danger: boolean;
  footer: boolean;
  /** Can be run from help and palette. */
  runnable: boolean;
  /** Why it cannot be done now; "" when it can. It stays in its place and says so. */
  disabled?(state: SessionState): string;
  commands(state: SessionState, session: Session): Command[];
}

/** The views of machines and of what is known of them. */
const aboutMachines: Mode[] = ['suspects', 'triage', 'detail', 'address', 'findings', 'time-line', 'moment'];
const views: Mode[] = [...aboutMachines, 'chooser', 'run', 'transcript'];
const texts: Mode[] = ['input', 'palette', 'prompt-text'];
const all: Mode[] = [...views, 'help', ...texts, 'prompt-key'];
// Under a prompt too: what is asked must be readable to its end.
const scrolled: Mode[] = [...views, 'help', 'palette', 'prompt-key', 'prompt-text'];

/** How many rows or things the list on screen has, where the session does not know it. */
function sizeOf(state: SessionState, session: Session): number {
  const layer = top(state);
  if (layer.kind === 'help') return helpEntries(state).length;
  if (layer.kind === 'palette') return paletteMatches(state).length;
  if (layer.kind === 'transcript') {
    return foundEntries(state.cases.get(layer.vmId)?.openCase?.entries() ?? [], layer.search).length;
  }
  return Math.max(1, bodyRowCount(session, state) - bodyHeight(state) + 1);
}

const one = (command: Command) => () => [command];
const caseNeeded = (state: SessionState) =>
  selectedRow(state) || beneath(state).kind !== 'suspects' ? '' : 'No machine is selected.';

function severalAddresses(state: SessionState): string {
  const layer = beneath(state);
  return layer.kind === 'address' && layer.addresses.length > 1 ? '' : 'The burst has one address.';
}

function noRunToUndo(state: SessionState): string {
  const layer = beneath(state);
  const slot = layer.kind === 'run' ? state.runs.find((run) => run.id === layer.runId) : undefined;
  if (state.readOnly) return 'This session is read-only.';
  if (slot?.view.outcome === 'running') return 'The playbook still runs: end it at its prompt, then undo.';
  return slot?.view.steps.some((step) => step.state === 'done' && step.undo !== '')
    ? ''
    : 'Nothing was done that could be undone.';
}

/** The one action table: dispatch, footer, help, palette and the README's key table are made from it. */
export const bindings: readonly Binding[] = [
  // Moving
  ...(
    [
      ['up', 'Up', 'Move up', -1],
      ['down', 'Down', 'Move down', 1],
    ] as const
  ).map(
    ([id, key, description, by]): Binding => ({
      id,
      keys: [key],
      name: description.toLowerCase(),
      description,
      modes: scrolled,
      danger: false,
      footer: false,
      runnable: false,
      commands: (state, session) => [{ type: 'move', by, of: sizeOf(state, session) }],
    }),
  ),
  ...(
    [
      ['page-up', 'PageUp', 'Move up by a page', -1],
      ['page-down', 'PageDown', 'Move down by a page', 1],
    ] as const
  ).map(
    ([id, key, description, by]): Binding => ({
      id,
      keys: [key],
      name: description.toLowerCase(),
      description,
      modes: scrolled,
      danger: false,
      footer: false,
      runnable: false,
      commands: (state, session) => [
        { type: 'move', by: by * Math.max(1, bodyHeight(state) - 1), of: sizeOf(state, session) },
      ],
    }),
  ),
  ...(
    [
      ['first', 'Home', 'Go to the first', 'first'],
      ['last', 'End', 'Go to the last', 'last'],
    ] as const
  ).map(
    ([id, key, description, to]): Binding => ({
      id,
      keys: [key],
      name: description.toLowerCase(),
      description,
      modes: scrolled,
      danger: false,
      footer: false,
      runnable: false,
      commands: (state, session) => [{ type: 'edge', to, of: sizeOf(state, session) }],
    }),
  ),
  {
    id: 'open',
    keys: ['Enter'],
    name: 'open',
    description: 'Open the machine, or the detail of the thing under the cursor',
    modes: ['suspects', 'triage', 'findings', 'time-line'],
    danger: false,
    footer: true,
    runnable: true,
    commands: one({ type: 'open' }),
  },
  {
    id: 'start-playbook',
    keys: ['Enter'],
    name: 'start',
    description: 'Start the selected playbook: it plans and shows, and asks before every change',
    modes: ['chooser'],
    danger: true,
    footer: true,
    runnable: true,
    disabled: (state) => (state.readOnly ? 'This session is read-only: nothing can be changed in Azure.' : ''),
    commands: one({ type: 'open' }),
  },
  ...[1, 2, 3, 4, 5, 6, 7, 8, 9].map(
    (digit): Binding => ({
      id: `choose-${digit}`,
      keys: [String(digit)],
      name: `start ${digit}`,
      description: `Start playbook ${digit} of the list`,
      modes: ['chooser'],
      danger: true,
      footer: false,
      runnable: false,
      disabled: (state) => (state.readOnly ? 'This session is read-only: nothing can be changed in Azure.' : ''),
      commands: one({ type: 'choose', index: digit - 1 }),
    }),
  ),
  {
    id: 'next-pane',
    keys: ['Tab', 'Right'],
    name: 'pane',
    description: 'Go to the next pane',
    modes: ['triage'],
    danger: false,
    footer: true,
    runnable: true,
    commands: one({ type: 'pane', to: 'next' }),
  },
  {
    id: 'previous-pane',
    keys: ['Shift+Tab', 'Left'],
    name: 'pane back',
    description: 'Go to the pane before',
    modes: ['triage'],
    danger: false,
    footer: false,
    runnable: true,
    commands: one({ type: 'pane', to: 'previous' }),
  },
  ...(
    [
      ['1', 'ports', 'exposed ports'],
      ['2', 'logons', 'failed logons'],
      ['3', 'patches', 'patch gaps'],
      ['4', 'posture', 'posture'],
    ] as const
  ).map(
    ([key, pane, name]): Binding => ({
      id: `pane-${pane}`,
      keys: [key],
      name,
      description: `Go to the pane of ${name}`,
      modes: ['triage'],
      danger: false,
      footer: false,
      runnable: true,
      commands: one({ type: 'pane', to: pane }),
    }),
  ),
  {
    id: 'zoom',
    keys: ['z'],
    name: 'zoom',
    description: 'Give the pane the whole screen, and back',
    modes: ['triage'],
    danger: false,
    footer: true,
    runnable: true,
    commands: one({ type: 'zoom' }),
  },
  {
    id: 'trace',
    keys: ['a'],
    name: 'address',
    description: 'Follow the address behind the burst under the cursor: what it did here and on other machines',
    modes: ['triage', 'detail'],
    danger: false,
    footer: true,
    runnable: true,
    disabled: (state) =>
      addressesOf(burstInHand(state)).length > 0 ? '' : 'There is no burst with an address under the cursor.',
    commands: one({ type: 'trace' }),
  },
  {
    id: 'next-address',
    keys: ['Tab', 'Right'],
    name: 'next address',
    description: 'Go to the next address of the burst',
    modes: ['address'],
    danger: false,
    footer: true,
    runnable: true,
    disabled: (state) => severalAddresses(state),
    commands: one({ type: 'next-address', by: 1 }),
  },
  {
    id: 'previous-address',
    keys: ['Shift+Tab', 'Left'],
    name: 'address before',
    description: 'Go to the address before',
    modes: ['address'],
    danger: false,
    footer: false,
    runnable: true,
    disabled: (state) => severalAddresses(state),
    commands: one({ type: 'next-address', by: -1 }),
  },
  {
    id: 'filter',
    keys: ['/'],
    name: 'filter',
    description: 'Show only machines that contain a text; ! before it shows the others',
    modes: ['suspects'],
    danger: false,
    footer: true,
    runnable: true,
    commands: one({ type: 'filter' }),
  },
  {
    id: 'search',
    keys: ['/'],
    name: 'search',
    description: 'Show only entries that contain a text',
    modes: ['transcript', 'time-line'],
    danger: false,
    footer: true,
    runnable: true,
    commands: one({ type: 'search' }),
  },
  {
    id: 'sort',
    keys: ['s'],
    name: 'sort',
    description: 'Sort by suspicion, name, failed logons, patches or backup, in turn',
    modes: ['suspects'],
    danger: false,
    footer: true,
    runnable: true,
    commands: one({ type: 'sort' }),
  },
  {
    id: 'playbooks',
    keys: ['p'],
    name: 'playbooks',
    description: 'Choose a playbook that answers what was found',
    modes: aboutMachines,
    danger: false,
    footer: true,
    runnable: true,
    disabled: caseNeeded,
    commands: one({ type: 'playbooks' }),
  },
  {
    id: 'undo',
    keys: ['u'],
    name: 'undo',
    description: 'Undo what this playbook did, last step first; asks before',
    modes: ['run'],
    danger: true,
    footer: true,
    runnable: true,
    disabled: noRunToUndo,
    commands: one({ type: 'undo' }),
  },
  {
    id: 'keep',
    keys: ['k'],
    name: 'keep',
    description: 'Keep what was done: it is not undone by itself any more',
    modes: ['run'],
    danger: false,
    footer: true,
    runnable: true,
    disabled(state) {
      const layer = beneath(state);
      const slot = layer.kind === 'run' ? state.runs.find((run) => run.id === layer.runId) : undefined;
      return slot?.view.autoUndoAt ? '' : 'No timer runs: nothing is undone by itself.';
    },
    commands: one({ type: 'keep' }),
  },
  {
    id: 'jobs',
    keys: ['w'],
    name: 'work',
    description: 'Show the playbook that waits for you, or the latest one; again: the one before',
    modes: views,
    danger: false,
    footer: false,
    runnable: true,
    disabled: (state) => (state.runs.length > 0 ? '' : 'No playbook was started.'),
    commands: one({ type: 'jobs' }),
  },
  {
    id: 'refresh',
    keys: ['r'],
    name: 'refresh',
    description: 'Ask Azure again; the old answers stay until the new ones come',
    modes: aboutMachines,
    danger: false,
    footer: true,
    runnable: true,
    commands: one({ type: 'refresh' }),
  },
  {
    id: 'copy',
    keys: ['y'],
    name: 'copy',
    description: 'Copy the value under the cursor to the clipboard of your terminal',
    modes: [...aboutMachines, 'transcript'],
    danger: false,
    footer: true,
    runnable: true,
    disabled: (state) => (copyText(state) === null ? 'There is nothing to copy here.' : ''),
    commands(state, session) {
      const copied = copyText(state, session);
      return copied ? [{ type: 'copy', ...copied }] : [];
    },
  },
  {
    id: 'open-logs',
    keys: ['o'],
    name: 'open log',
    description: 'Open exported event logs (.evtx) of this machine: failed logons without Log Analytics',
    modes: ['triage', 'detail'],
    danger: false,
    footer: true,
    runnable: true,
    disabled: (state) =>
      state.triages.get(machineOf(state) ?? '')?.vm.os === 'linux' ? 'Linux machines write no Windows event logs.' : '',
    commands: one({ type: 'open-logs' }),
  },
  {
    id: 'close-logs',
    keys: ['O'],
    name: 'close log',
    description: 'Close the opened event logs and show what Log Analytics says',
    modes: ['triage', 'detail'],
    danger: false,
    footer: false,
    runnable: true,
    disabled: (state) => (state.logs.has(machineOf(state) ?? '') ? '' : 'No event log is open.'),
    commands: one({ type: 'close-logs' }),
  },
  {
    id: 'note',
    keys: ['n'],
    name: 'note',
    description: 'Write a note into the case file',
    modes: views,
    danger: false,
    footer: true,
    runnable: true,
    disabled: caseNeeded,
    commands: one({ type: 'note' }),
  },
  {
    id: 'findings',
    keys: ['f'],
    name: 'findings',
    description: 'Show every finding, with what it rests on, what answers it and what is not known',
    modes: ['suspects', 'triage', 'detail', 'address', 'time-line'],
    danger: false,
    footer: true,
    runnable: true,
    disabled: caseNeeded,
    commands: one({ type: 'findings' }),
  },
  {
    id: 'time-line',
    keys: ['l'],
    name: 'time line',
    description: 'Show everything in order: failed logons, changes in Azure, alerts, grants, backups',
    modes: ['suspects', 'triage', 'detail', 'address', 'findings'],
    danger: false,
    footer: true,
    runnable: true,
    disabled: caseNeeded,
    commands: one({ type: 'time-line' }),
  },
  {
    id: 'transcript',
    keys: ['t'],
    name: 'transcript',
    description: 'Show the case file: everything seen, asked, decided and done',
    modes: [...aboutMachines, 'chooser', 'run', 'prompt-key'],
    danger: false,
    footer: true,
    runnable: true,
    disabled: caseNeeded,
    commands: one({ type: 'transcript' }),
  },
  {
    id: 'export',
    keys: ['e'],
    name: 'export',
    description: 'Export the case file as case notes',
    modes: ['transcript'],
    danger: false,
    footer: true,
    runnable: true,
    commands: one({ type: 'export' }),
  },
  {
    id: 'palette',
    keys: [':'],
    name: 'command',
    description: 'Find an action by its name',
    modes: views,
    danger: false,
    footer: true,
    runnable: false,
    commands: one({ type: 'palette' }),
  },
  {
    id: 'help',
    keys: ['?'],
    name: 'help',
    description: 'Show every action that is possible here',
    modes: [...views, 'prompt-key'],
    danger: false,
    footer: true,
    runnable: false,
    commands: one({ type: 'help' }),
  },
  {
    id: 'run-chosen',
    keys: ['Enter'],
    name: 'do it',
    description: 'Do the selected action',
    modes: ['help', 'palette'],
    danger: false,
    footer: true,
    runnable: false,
    commands(state, session) {
      const layer = top(state);
      if (layer.kind !== 'help' && layer.kind !== 'palette') return [];
      const entries = layer.kind === 'help' ? helpEntries(state) : paletteMatches(state);
      const chosen = entries[Math.min(layer.selected, entries.length - 1)];
      if (!chosen) return [];
      const back: Command = { type: 'back' };
      const why = chosen.disabled?.(state) ?? '';
      if (why !== '') return [{ type: 'tell', text: why }];
      if (!chosen.runnable) return [{ type: 'tell', text: `${chosen.keys[0]} does this in the view itself.` }];
      return [back, ...chosen.commands({ ...state, layers: state.layers.slice(0, -1) }, session)];
    },
  },
  {
    id: 'back',
    keys: ['Esc'],
    name: 'back',
    description: 'Go back',
    modes: [...views, 'help', 'palette', 'input'],
    danger: false,
    footer: true,
    runnable: false,
    disabled: (state) =>
      top(state).kind === 'suspects' && state.filter === '' ? 'This is the first view: q quits.' : '',
    commands: one({ type: 'back' }),
  },
  {
    id: 'quit',
    keys: ['q'],
    name: 'quit',
    description: 'Leave cordon; asks first when something still runs in Azure',
    modes: [...views, 'help'],
    danger: false,
    footer: true,
    runnable: true,
    commands: one({ type: 'quit' }),
  },
  // Prompts
  {
    id: 'yes',
    keys: ['y'],
    name: 'do it',
    description: 'Answer yes to a prompt that asks for y',
    modes: ['prompt-key'],
    danger: true,
    footer: true,
    runnable: false,
    commands: one({ type: 'yes' }),
  },
  {
    id: 'no',
    keys: ['Enter', 'Esc', 'n'],
    name: 'leave it undone',
    description: 'Answer no to a prompt: Enter never means yes',
    modes: ['prompt-key'],
    danger: false,
    footer: true,
    runnable: false,
    commands: one({ type: 'no' }),
  },
  {
    id: 'no-text',
    keys: ['Esc'],
    name: 'leave it undone',
    description: 'Leave a prompt that asks for a text',
    modes: ['prompt-text'],
    danger: false,
    footer: true,
    runnable: false,
    commands: one({ type: 'no' }),
  },
  {
    id: 'skip',
    keys: ['Tab'],
    name: 'skip this step',
    description: 'Leave this step of the playbook out and go on with the next',
    modes: ['prompt-key', 'prompt-text'],
    danger: false,
    footer: true,
    runnable: false,
    disabled: (state) => (top(state).kind === 'run' ? '' : 'There is no step to skip here.'),
    commands: one({ type: 'skip' }),
  },
  {
    id: 'submit',
    keys: ['Enter'],
    name: 'take it',
    description: 'Take the text that was typed',
    modes: ['input', 'prompt-text'],
    danger: false,
    footer: true,
    runnable: false,
    commands: one({ type: 'submit' }),
  },
  {
    id: 'erase',
    keys: ['Backspace'],
    name: 'erase',
    description: 'Erase the last character',
    modes: texts,
    danger: false,
    footer: false,
    runnable: false,
    commands: one({ type: 'erase' }),
  },
  {
    id: 'erase-all',
    keys: ['Ctrl+U'],
    name: 'erase all',
    description: 'Erase all that was typed',
    modes: texts,
    danger: false,
    footer: false,
    runnable: false,
    commands: one({ type: 'erase', all: true }),
  },
  {
    id: 'leave',
    keys: ['Ctrl+C'],
    name: 'leave now',
    description:
      'Leave cordon at once: the terminal is restored, the case file closed, what still runs in Azure is named',
    modes: all,
    danger: false,
    footer: false,
    runnable: false,
    commands: one({ type: 'leave' }),
  },
];

const byModeAndKey = new Map<string, Binding>();
for (const binding of bindings) {
  for (const mode of binding.modes) {
    for (const key of binding.keys) byModeAndKey.set(`${mode} ${key}`, binding);
  }
}

/** What a key does in a mode. */
export function bindingOf(mode: Mode, key: string): Binding | undefined {
  return byModeAndKey.get(`${mode} ${key}`);
}

/** Does what the key is bound to; types it where text is wanted and nothing else is bound. */
export function press(session: Session, key: string): void {
  const state = session.state();
  const mode = modeOf(state);
  const binding = bindingOf(mode, key);
  if (!binding) {
    if (texts.includes(mode) && [...key].length === 1) session.dispatch({ type: 'insert', text: key });
    return;
  }
  run(session, binding);
}

function run(session: Session, binding: Binding): void {
  const why = binding.disabled?.(session.state()) ?? '';
  if (why !== '') {
    session.dispatch({ type: 'tell', text: why });
    return;
  }
  for (const command of binding.commands(session.state(), session)) session.dispatch(command);
}

/** Pasted text goes where text is wanted and nowhere else: it never runs keys, and never takes what it wrote. */
export function paste(session: Session, text: string): void {
  if (!texts.includes(modeOf(session.state()))) {
    session.dispatch({ type: 'tell', text: 'Pasted text is taken only where text can be typed.' });
    return;
  }
  session.dispatch({ type: 'insert', text: text.replace(/[\r\n\t]+/g, ' ') });
}

function modeBeneath(state: SessionState): Mode {
  const layer: Layer = beneath(state);
  return layer.kind === 'confirm' ? 'prompt-key' : layer.kind;
}

/** The actions that help lists: those of the view under it, in the table's order. */
export function helpEntries(state: SessionState): Binding[] {
  const mode = modeBeneath(state);
  return bindings.filter((binding) => binding.modes.includes(mode) && !/^choose-[2-9]$/.test(binding.id));
}

/** The runnable actions of the view under the palette that match what was typed, best first. */
export function paletteMatches(state: SessionState): Binding[] {
  const mode = modeBeneath(state);
  const here = bindings.filter((binding) => binding.runnable && binding.modes.includes(mode));
  const layer = top(state);
  const text = layer.kind === 'palette' ? layer.text.trim() : '';
  if (text === '') return here;
  return fuzzysort
    .go(text, here, { keys: ['name', 'description'], limit: 50, threshold: 0.4 })
    .map((result) => result.obj);
}

/** What the footer offers in this mode, in the table's order. */
export function footerEntries(state: SessionState): Binding[] {
  const mode = modeOf(state);
  const entries = bindings.filter((binding) => binding.footer && binding.modes.includes(mode));
  // A footer has no room for what makes no sense now.
  const shown = entries.filter(
    (binding) => !['undo', 'keep', 'skip', 'back'].includes(binding.id) || (binding.disabled?.(state) ?? '') === '',
  );
  // At a prompt its answers come first.
  const answers = ['yes', 'no', 'no-text', 'submit', 'skip'];
  const isAnswer = (binding: Binding) => mode.startsWith('prompt') && answers.includes(binding.id);
  return [...shown.filter(isAnswer), ...shown.filter((binding) => !isAnswer(binding))];
}

const modeNames: Record<Mode, string> = {
  suspects: 'suspects',
  triage: 'triage',
  detail: 'detail',
  address: 'address',
  findings: 'findings',
  'time-line': 'time line',
  moment: 'entry of the time line',
  chooser: 'playbooks',
  run: 'playbook in progress',
  transcript: 'transcript',
  help: 'help',
  palette: 'command palette',
  input: 'text input',
  'prompt-key': 'prompt (y)',
  'prompt-text': 'prompt (text)',
};

/** Where a binding applies, in words. */
function placesOf(modes: readonly Mode[]): string {
  if (modes.length === all.length) return 'everywhere';
  const inViews = views.every((mode) => modes.includes(mode));
  const rest = inViews ? modes.filter((mode) => !views.includes(mode)) : modes;
  return [...(inViews ? ['every view'] : []), ...rest.map((mode) => modeNames[mode])].join(', ');
}

/** The key table of the README, in Markdown. */
export function keyTable(): string {
  const rows = bindings
    .filter((binding) => !/^choose-[2-9]$/.test(binding.id))
    .map((binding) => {
      const keys = binding.id === 'choose-1' ? '`1`–`9`' : binding.keys.map((key) => `\`${key}\``).join(' ');
      const text = binding.id === 'choose-1' ? 'Start that playbook of the list' : binding.description;
      const where = placesOf(binding.modes);
      return `| ${keys} | ${text} | ${where} |`;
    });
  return ['| Key | What it does | Where |', '|---|---|---|', ...rows].join('\n');
}
