import { seemsLocked } from '../src/session/playbooks/containment.ts';
import {
  actOf,
  addressesOf,
  beneath,
  burstInHand,
  machineOf,
  type RunSlot,
  type SessionState,
  top,
} from '../src/session/state.ts';
import { selectedRow } from '../src/session/suspects.ts';
import { aboutMachines, type Given, one, views } from './binding.ts';
import { copyText } from './copy-text.ts';

const caseNeeded = (state: SessionState) =>
  selectedRow(state) || beneath(state).kind !== 'suspects' ? '' : 'No VM is selected.';

/** The playbooks on screen: of one VM, or of each VM of an act. */
function runsInHand(state: SessionState): RunSlot[] {
  const layer = beneath(state);
  if (layer.kind === 'run') return state.runs.filter(({ id }) => id === layer.runId);
  const ids = layer.kind === 'act' ? [...(actOf(state, layer.actId)?.runIds.values() ?? [])] : [];
  return state.runs.filter(({ id }) => ids.includes(id));
}

function severalAddresses(state: SessionState): string {
  const layer = beneath(state);
  return layer.kind === 'address' && layer.addresses.length > 1 ? '' : 'The burst has one address.';
}

function noRunToUndo(state: SessionState): string {
  const slots = runsInHand(state);
  if (state.readOnly) return 'This session is read-only.';
  if (slots.some(({ view }) => view.outcome === 'running')) {
    return 'The playbook still runs: Esc at its prompt, then x ends it; then undo.';
  }
  return slots.some(({ view }) => view.steps.some((step) => step.undoable))
    ? ''
    : 'Nothing was done that could be undone.';
}

/** Is there a view to go back to? */
const beneathFirst = (state: SessionState) => state.layers.length > 1;

/** What can be done in the views. */
export const viewBindings: readonly Given[] = [
  {
    id: 'open',
    keys: ['Enter'],
    name: 'open',
    description: 'Open the VM, or the detail of the thing under the cursor',
    modes: ['suspects', 'triage', 'findings', 'time-line', 'incident', 'transcript'],
    commands: one({ type: 'open' }),
  },
  {
    id: 'start-playbook',
    keys: ['Enter'],
    name: 'start',
    description: 'Start the selected playbook: it plans and shows, and asks before every change',
    modes: ['chooser'],
    danger: true,
    disabled: (state) => (state.readOnly ? 'This session is read-only: nothing can be changed in Azure.' : ''),
    commands: one({ type: 'open' }),
  },
  ...[1, 2, 3, 4, 5, 6, 7, 8, 9].map(
    (digit): Given => ({
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
    commands: one({ type: 'pane', to: 'next' }),
  },
  {
    id: 'previous-pane',
    keys: ['Shift+Tab', 'Left'],
    name: 'pane back',
    description: 'Go to the pane before',
    modes: ['triage'],
    footer: false,
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
    ([key, pane, name]): Given => ({
      id: `pane-${pane}`,
      keys: [key],
      name,
      description: `Go to the pane of ${name}`,
      modes: ['triage'],
      footer: false,
      commands: one({ type: 'pane', to: pane }),
    }),
  ),
  {
    id: 'zoom',
    keys: ['z'],
    name: 'zoom',
    description: 'Give the pane the whole screen, and back',
    modes: ['triage'],
    commands: one({ type: 'zoom' }),
  },
  {
    id: 'trace',
    keys: ['a'],
    name: 'address',
    description: 'Follow the address behind the burst under the cursor: what it did here and on other VMs',
    modes: ['triage', 'detail'],
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
    disabled: (state) => severalAddresses(state),
    commands: one({ type: 'next-address', by: 1 }),
  },
  {
    id: 'previous-address',
    keys: ['Shift+Tab', 'Left'],
    name: 'address before',
    description: 'Go to the address before',
    modes: ['address'],
    footer: false,
    disabled: (state) => severalAddresses(state),
    commands: one({ type: 'next-address', by: -1 }),
  },
  {
    id: 'filter',
    keys: ['/'],
    name: 'filter',
    description: 'Show only VMs that contain a text; ! before it shows the others',
    modes: ['suspects'],
    commands: one({ type: 'filter' }),
  },
  {
    id: 'search',
    keys: ['/'],
    name: 'search',
    description: 'Show only what contains every word that is typed',
    modes: [
      'transcript',
      'time-line',
      'findings',
      'incident',
      'help',
      'detail',
      'address',
      'moment',
      'entry',
      'log-report',
    ],
    commands: one({ type: 'search' }),
  },
  {
    id: 'sort',
    keys: ['s'],
    name: 'sort',
    description: 'Sort by the next column; the first order is by suspicion',
    modes: ['suspects'],
    commands: one({ type: 'sort', by: 1 }),
  },
  {
    id: 'sort-back',
    keys: ['<'],
    name: 'sort before',
    description: 'Sort by the column before',
    modes: ['suspects'],
    footer: false,
    commands: one({ type: 'sort', by: -1 }),
  },
  {
    id: 'sort-reverse',
    keys: ['S'],
    name: 'reverse',
    description: 'Sort the other way round',
    modes: ['suspects'],
    footer: false,
    commands: one({ type: 'sort', reverse: true }),
  },
  {
    id: 'mark',
    keys: ['Space'],
    name: 'mark',
    description: 'Mark the VM, or take its mark away: p then starts a playbook on all that are marked, in one act',
    modes: ['suspects', 'incident'],
    footer: false,
    commands: one({ type: 'mark' }),
  },
  {
    id: 'playbooks',
    keys: ['p'],
    name: 'playbooks',
    description: 'Choose a playbook that answers what was found',
    modes: aboutMachines,
    disabled: caseNeeded,
    commands: one({ type: 'playbooks' }),
  },
  {
    id: 'undo',
    keys: ['u'],
    name: 'undo',
    description: 'Undo what this playbook did, last step first; asks before',
    modes: ['run', 'act'],
    danger: true,
    disabled: noRunToUndo,
    commands: one({ type: 'undo' }),
  },
  {
    id: 'undo-lock',
    keys: ['u'],
    name: 'undo lock',
    description: 'Undo the lock at the VM, of this session or another; asks before',
    modes: ['triage'],
    danger: true,
    disabled: (state) => (state.readOnly ? 'This session is read-only.' : ''),
    offered: (state) => seemsLocked(state, machineOf(state) ?? ''),
    commands: one({ type: 'undo-lock' }),
  },
  {
    id: 'keep',
    keys: ['k'],
    name: 'keep',
    description: 'Keep what was done: it is not undone by itself any more',
    modes: ['run', 'act'],
    disabled: (state) =>
      runsInHand(state).some(({ view }) => view.autoUndoAt !== null)
        ? ''
        : 'No timer runs: nothing is undone by itself.',
    commands: one({ type: 'keep' }),
  },
  {
    id: 'jobs',
    keys: ['w'],
    name: 'work',
    description: 'Show the playbook that waits for you, or the latest one; again: the one before',
    modes: views,
    footer: false,
    disabled: (state) => (state.runs.length + state.acts.length > 0 ? '' : 'No playbook was started.'),
    commands: one({ type: 'jobs' }),
  },
  {
    id: 'next-item',
    keys: ['Tab', 'Right'],
    name: 'next',
    description: 'Go to the detail of the next thing',
    modes: ['detail', 'moment', 'entry'],
    commands: one({ type: 'next-item', by: 1 }),
  },
  {
    id: 'previous-item',
    keys: ['Shift+Tab', 'Left'],
    name: 'before',
    description: 'Go to the detail of the thing before',
    modes: ['detail', 'moment', 'entry'],
    footer: false,
    commands: one({ type: 'next-item', by: -1 }),
  },
  {
    id: 'auto-refresh',
    keys: ['R'],
    name: 'auto refresh',
    description: 'Read what is on screen again from time to time; again: pause',
    modes: ['suspects', 'triage'],
    footer: false,
    commands: one({ type: 'auto-refresh' }),
  },
  {
    id: 'refresh',
    keys: ['r'],
    name: 'refresh',
    description: 'Ask Azure again; the old answers stay until the new ones come',
    modes: aboutMachines,
    commands: one({ type: 'refresh' }),
  },
  {
    id: 'copy',
    keys: ['y'],
    name: 'copy',
    description: 'Copy the value under the cursor to the clipboard of your terminal',
    modes: [...aboutMachines, 'transcript', 'entry'],
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
    description: 'Open exported event logs (.evtx): failed logons without Log Analytics, of this VM or without one',
    modes: ['suspects', 'log-report', 'triage', 'detail'],
    // Where VMs are listed, a log is opened at its VM.
    offered: (state) => top(state).kind !== 'suspects' || state.scan.rows.length === 0 || state.logReport !== null,
    disabled: (state) =>
      state.triages.get(machineOf(state) ?? '')?.vm.os === 'linux' ? 'Linux VMs write no Windows event logs.' : '',
    commands: one({ type: 'open-logs' }),
  },
  {
    id: 'close-logs',
    keys: ['O'],
    name: 'close log',
    description: 'Close the opened event logs and show what Log Analytics says',
    modes: ['triage', 'detail'],
    footer: false,
    disabled: (state) => (state.logs.has(machineOf(state) ?? '') ? '' : 'No event log is open.'),
    commands: one({ type: 'close-logs' }),
  },
  {
    id: 'note',
    keys: ['n'],
    name: 'note',
    description: 'Write a note into the case file',
    modes: views.filter((mode) => mode !== 'log-report'),
    disabled: caseNeeded,
    commands: one({ type: 'note' }),
  },
  {
    id: 'findings',
    keys: ['f'],
    name: 'findings',
    description: 'Show every finding, with what it rests on, what answers it and what is not known',
    modes: ['suspects', 'triage', 'detail', 'address', 'time-line', 'incident', 'run', 'prompt-key'],
    disabled: caseNeeded,
    commands: one({ type: 'findings' }),
  },
  {
    id: 'time-line',
    keys: ['l'],
    name: 'time line',
    description: 'Show everything in order: failed logons, changes in Azure, alerts, grants, backups',
    modes: ['suspects', 'triage', 'detail', 'address', 'findings', 'incident', 'run', 'prompt-key'],
    disabled: caseNeeded,
    commands: one({ type: 'time-line' }),
  },
  {
    id: 'incident',
    keys: ['i'],
    name: 'incident',
    description: 'Show what leads from this VM to others and to data, each lead with its evidence',
    modes: ['suspects', 'triage', 'detail', 'address', 'findings', 'time-line', 'run'],
    disabled: caseNeeded,
    commands: one({ type: 'incident' }),
  },
  {
    id: 'transcript',
    keys: ['t'],
    name: 'transcript',
    description: 'Show the case file: everything seen, asked, decided and done',
    modes: [...aboutMachines, 'chooser', 'run', 'act', 'prompt-key'],
    disabled: caseNeeded,
    commands: one({ type: 'transcript' }),
  },
  {
    id: 'export',
    keys: ['e'],
    name: 'export',
    description: 'Export the case file as case notes',
    modes: ['transcript'],
    commands: one({ type: 'export' }),
  },
  {
    id: 'decided',
    keys: ['d'],
    name: 'decided',
    description: 'Leave out what was only read and asked: what was decided and done stays; again: show all',
    modes: ['transcript'],
    commands: one({ type: 'decided' }),
  },
  {
    id: 'stamp-case',
    keys: ['A'],
    name: 'time stamp',
    description: 'Have a time-stamping authority sign the head of the case (RFC 3161); it gets a digest, nothing else',
    modes: ['transcript'],
    footer: false,
    commands: one({ type: 'stamp-case' }),
  },
  {
    id: 'post-case',
    keys: ['P'],
    name: 'post',
    description:
      'Put the summary of the case on an incident of Microsoft Sentinel; the comment is shown, and asked about, before',
    modes: ['transcript'],
    danger: true,
    footer: false,
    disabled: (state) => (state.readOnly ? 'This session is read-only: nothing can be changed in Azure.' : ''),
    commands: one({ type: 'post-case' }),
  },
  {
    id: 'contexts',
    keys: ['c'],
    name: 'change',
    description: 'Choose subscription, tenant or case; open cases stay open, playbooks go on',
    modes: [...aboutMachines, 'transcript'],
    commands: one({ type: 'contexts' }),
  },
  {
    id: 'palette',
    keys: [':'],
    name: 'command',
    description: 'Find an action, a VM, a case, a subscription or a tenant by its name',
    modes: views,
    runnable: false,
    commands: one({ type: 'palette' }),
  },
  {
    id: 'help',
    keys: ['?'],
    name: 'help',
    description: 'Show every action that is possible here',
    modes: [...views, 'prompt-key'],
    runnable: false,
    commands: one({ type: 'help' }),
  },
  {
    id: 'back',
    keys: ['Esc'],
    name: 'back',
    description: 'Go back',
    modes: [...views, 'help', 'palette', 'input'],
    runnable: false,
    disabled: (state) =>
      top(state).kind === 'suspects' && state.filter === '' ? 'This is the first view: q quits.' : '',
    commands: one({ type: 'back' }),
  },
  {
    id: 'quit',
    keys: ['q'],
    name: 'quit',
    description: 'Go back; from the first view leave cordon, which asks first',
    modes: [...views, 'help'],
    // Elsewhere Esc is offered, which goes back too.
    offered: (state) => !beneathFirst(state),
    commands: (state) => [{ type: beneathFirst(state) ? 'back' : 'quit' }],
  },
];
