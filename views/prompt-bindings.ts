import type { Command } from '../src/session/commands.ts';
import { actOf, beneath, promptInHand, runIsOver, runOf, type SessionState, top } from '../src/session/state.ts';
import { everywhere, type Given, one, texts } from './binding.ts';

/** Was the playbook on screen stopped by the user? */
function stoppedRun(state: SessionState): boolean {
  const layer = beneath(state);
  if (layer.kind === 'act') return actOf(state, layer.actId)?.view.phase === 'cancelled' && !state.readOnly;
  const slot = layer.kind === 'run' ? runOf(state, layer.runId) : undefined;
  return slot?.view.outcome === 'cancelled' && !state.readOnly;
}

/** What Enter does in a playbook's view. */
function enterInRun(state: SessionState): Command | null {
  if (promptInHand(state)) return { type: 'focus-prompt' };
  const layer = beneath(state);
  if (layer.kind === 'act') {
    if (stoppedRun(state)) return { type: 'resume' };
    return actOf(state, layer.actId)?.runIds.size ? { type: 'open' } : null;
  }
  if (layer.kind !== 'run' || layer.opened) return null;
  if (stoppedRun(state) && layer.step === null) return { type: 'resume' };
  const slot = runOf(state, layer.runId);
  return slot && runIsOver(slot) ? { type: 'open' } : null;
}

/** The purpose of the typed text; "" where there is none. */
function purposeOf(state: SessionState): string {
  const layer = top(state);
  return layer.kind === 'input' ? layer.purpose : '';
}

/** How prompts are answered and text is typed, and the way out that is always there. */
export const promptBindings: readonly Given[] = [
  {
    id: 'yes',
    keys: ['y'],
    name: 'yes',
    description: 'Answer yes to a prompt that asks for y, once it has stood for half a second',
    modes: ['prompt-key'],
    danger: true,
    runnable: false,
    commands: one({ type: 'yes' }),
  },
  {
    id: 'no',
    keys: ['Enter', 'Esc', 'n'],
    name: 'no',
    description: 'Answer no to a prompt: Enter never means yes; a playbook then asks what next',
    modes: ['prompt-key'],
    runnable: false,
    commands: one({ type: 'no' }),
  },
  {
    id: 'no-text',
    keys: ['Esc'],
    name: 'no',
    description: 'Answer no to a prompt that asks for a text; a playbook then asks what next',
    modes: ['prompt-text'],
    runnable: false,
    commands: one({ type: 'no' }),
  },
  {
    id: 'skip',
    keys: ['s'],
    name: 'skip this step',
    description: 'After a no: leave this step of the playbook out and go on with the next',
    modes: ['prompt-next'],
    runnable: false,
    // One answer is for all VMs and steps.
    offered: (state) => top(state).kind !== 'act',
    commands: one({ type: 'skip' }),
  },
  {
    id: 'later',
    keys: ['l'],
    name: 'later',
    description: 'After a no: let the playbook wait and look elsewhere; w comes back to it',
    modes: ['prompt-next'],
    runnable: false,
    commands: one({ type: 'later' }),
  },
  {
    id: 'end-run',
    keys: ['x'],
    name: 'stop here',
    description: 'After a no: end the playbook at this step; c goes on with it',
    modes: ['prompt-next'],
    runnable: false,
    commands: one({ type: 'end-run' }),
  },
  {
    id: 'ask-again',
    keys: ['Enter', 'Esc', 'n'],
    name: 'back to the question',
    description: 'After a no: go back to the question',
    modes: ['prompt-next'],
    runnable: false,
    commands: one({ type: 'ask-again' }),
  },
  {
    id: 'answer',
    keys: ['Enter'],
    name: 'answer, open',
    description: 'Answer the prompt that waits in this playbook; go on with one that was stopped; open a step, or a VM',
    modes: ['run', 'act'],
    runnable: false,
    disabled: (state) => (enterInRun(state) === null ? 'There is nothing to answer here.' : ''),
    commands: (state) => [enterInRun(state) ?? { type: 'focus-prompt' }],
  },
  {
    id: 'next-step',
    keys: ['Tab'],
    name: 'next step',
    description: 'Look at the next step of the playbook, or at the next of its VMs',
    modes: ['run', 'act', 'prompt-key', 'prompt-text', 'prompt-next'],
    // A question of the session's own is about no step.
    offered: (state) => top(state).kind !== 'confirm',
    commands: one({ type: 'next-step', by: 1 }),
  },
  {
    id: 'previous-step',
    keys: ['Shift+Tab'],
    name: 'step before',
    description: 'Look at the step before',
    modes: ['run', 'act', 'prompt-key', 'prompt-text', 'prompt-next'],
    footer: false,
    commands: one({ type: 'next-step', by: -1 }),
  },
  {
    id: 'resume',
    keys: ['c'],
    name: 'go on',
    description: 'Go on with a playbook that was stopped, at the step where it ended',
    modes: ['run', 'act'],
    danger: true,
    disabled: (state) => (stoppedRun(state) ? '' : 'No playbook was stopped here.'),
    commands: one({ type: 'resume' }),
  },
  {
    id: 'submit',
    keys: ['Enter'],
    name: 'enter',
    description: 'Enter the text that was typed',
    modes: ['input', 'prompt-text'],
    runnable: false,
    commands: one({ type: 'submit' }),
  },
  ...(
    [
      ['erase', ['Backspace'], 'before', 'Erase the character before the cursor', texts],
      ['erase-word', ['Ctrl+W'], 'word', 'Erase the word before the cursor', texts],
      ['erase-all', ['Ctrl+U'], 'to-start', 'Erase all before the cursor', texts],
      ['erase-rest', ['Ctrl+K'], 'to-end', 'Erase all from the cursor on', texts],
      ['erase-under', ['Delete', 'Ctrl+D'], 'under', 'Erase the character under the cursor', texts],
    ] as const
  ).map(
    ([id, keys, what, description, modes]): Given => ({
      id,
      keys,
      name: 'erase',
      description,
      modes,
      footer: false,
      runnable: false,
      commands: one({ type: 'erase', what }),
    }),
  ),
  ...(
    [
      ['cursor-left', ['Left', 'Ctrl+B'], 'left', 'Move the cursor left'],
      ['cursor-right', ['Right', 'Ctrl+F'], 'right', 'Move the cursor right'],
      ['cursor-start', ['Ctrl+A'], 'start', 'Move the cursor to the start'],
      ['cursor-end', ['Ctrl+E'], 'end', 'Move the cursor to the end'],
    ] as const
  ).map(
    ([id, keys, to, description]): Given => ({
      id,
      keys,
      name: 'cursor',
      description,
      modes: texts,
      footer: false,
      runnable: false,
      commands: one({ type: 'cursor', to }),
    }),
  ),
  {
    id: 'recall',
    keys: ['Up'],
    name: 'earlier',
    description: 'Bring back what was entered before',
    modes: ['input'],
    runnable: false,
    commands: one({ type: 'recall', by: 1 }),
  },
  {
    id: 'recall-newer',
    keys: ['Down'],
    name: 'later',
    description: 'Bring back what was entered after that',
    modes: ['input'],
    footer: false,
    runnable: false,
    commands: one({ type: 'recall', by: -1 }),
  },
  {
    id: 'complete',
    keys: ['Tab'],
    name: 'complete',
    description: 'Complete the name of a file',
    modes: ['input'],
    runnable: false,
    offered: (state) => purposeOf(state) === 'logs',
    commands: one({ type: 'complete' }),
  },
  {
    id: 'edit-note',
    keys: ['Ctrl+G'],
    name: 'editor',
    description: 'Write the note in your own editor ($VISUAL or $EDITOR)',
    modes: ['input'],
    runnable: false,
    offered: (state) => purposeOf(state) === 'note',
    commands: one({ type: 'edit-note' }),
  },
  {
    id: 'redraw',
    keys: ['Ctrl+L'],
    name: 'redraw',
    description: 'Draw the whole screen anew',
    modes: everywhere,
    footer: false,
    runnable: false,
    commands: one({ type: 'redraw' }),
  },
  {
    id: 'suspend',
    keys: ['Ctrl+Z'],
    name: 'suspend',
    description: 'Give the terminal to the shell; fg comes back',
    modes: everywhere,
    footer: false,
    runnable: false,
    commands: one({ type: 'suspend' }),
  },
  {
    id: 'leave',
    keys: ['Ctrl+C'],
    name: 'leave now',
    description:
      'Leave cordon at once: the terminal is restored, the case file closed, what still runs in Azure is named',
    modes: everywhere,
    footer: false,
    runnable: false,
    commands: one({ type: 'leave' }),
  },
];
