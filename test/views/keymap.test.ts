import { describe, expect, test } from 'vitest';
import { promptFrameKey } from '../../src/session/prompts/reading-time.ts';
import { createSession } from '../../src/session/session.ts';
import { type Mode, modeOf } from '../../src/session/state.ts';
import { keyTable } from '../../views/key-table.ts';
import { bindingOf, bindings, helpEntries, paletteMatches, press } from '../../views/keymap.ts';
import { keysOf } from '../../views/keys.ts';
import { keyPrompt, lockView, ScriptedRun, typedPrompt, World } from './fixtures/ports.ts';

// A session loads it with its first act.
await import('../../src/playbook/act.ts');

/** A session standing in each mode, reached by keys alone. */
async function sessionIn(mode: Mode) {
  const world = new World();
  world.run = new ScriptedRun(
    lockView(mode === 'prompt-key' || mode === 'prompt-next' ? keyPrompt : mode === 'prompt-text' ? typedPrompt : null),
  );
  const session = createSession(world.ports, { readOnly: false, scope: 'contoso' });
  session.start();
  await world.endScan();
  const keys: Record<Mode, string[]> = {
    suspects: [],
    triage: ['Enter'],
    detail: ['Enter', 'Enter'],
    address: ['Enter', '2', 'a'],
    findings: ['Enter', 'f'],
    'time-line': ['Enter', 'l'],
    incident: ['Enter', 'i'],
    moment: ['Enter', 'l', 'Enter'],
    'log-report': ['o', 'x', 'Enter'],
    chooser: ['Enter', 'p'],
    run: ['Enter', 'p', 'Enter'],
    act: ['Space', 'Space', 'p', 'Enter', 'Esc', 'x'],
    transcript: ['t'],
    entry: ['t', 'Enter'],
    help: ['?'],
    palette: [':'],
    input: ['/'],
    'prompt-key': ['Enter', 'p', 'Enter'],
    'prompt-text': ['Enter', 'p', 'Enter'],
    'prompt-next': ['Enter', 'p', 'Enter', 'Esc'],
  };
  for (const key of keys[mode]) {
    session.dispatch({ type: 'prompt-shown', key: promptFrameKey(session.state()) });
    world.pass(1_000);
    press(session, key);
    await world.endTriage();
  }
  return { world, session };
}

const modes: Mode[] = [
  'suspects',
  'triage',
  'detail',
  'address',
  'findings',
  'time-line',
  'moment',
  'incident',
  'log-report',
  'chooser',
  'run',
  'act',
  'transcript',
  'entry',
  'help',
  'palette',
  'input',
  'prompt-key',
  'prompt-text',
  'prompt-next',
];

describe('the action table', () => {
  test('binds no key twice in one mode', () => {
    const seen = new Map<string, string>();
    for (const binding of bindings) {
      for (const mode of binding.modes) {
        for (const key of binding.keys) {
          const place = `${mode} ${key}`;
          expect(seen.get(place), place).toBeUndefined();
          seen.set(place, binding.id);
        }
      }
    }
  });

  test('gives every action its own id, a name and a sentence', () => {
    expect(new Set(bindings.map((binding) => binding.id)).size).toBe(bindings.length);
    for (const binding of bindings) {
      expect(binding.name).not.toBe('');
      expect(binding.description).toMatch(/^[A-Z].{5,}/);
    }
  });

  test.each(modes)('every mode is reached by keys, and every binding in it by its key: %s', async (mode) => {
    const { session } = await sessionIn(mode);
    expect(modeOf(session.state())).toBe(mode);
    const here = bindings.filter((binding) => binding.modes.includes(mode));
    expect(here.length).toBeGreaterThan(0);
    for (const binding of here) {
      for (const key of binding.keys) expect(bindingOf(mode, key)).toBe(binding);
      // What it would do can be asked at any moment without a defect.
      expect(Array.isArray(binding.commands(session.state(), session))).toBe(true);
    }
  });

  test('an action that is not possible says why and does nothing', async () => {
    const { session, world } = await sessionIn('run');
    world.run.become({ steps: lockView().steps.map((one) => ({ ...one, state: 'planned' as const })) });
    const before = session.state().layers;
    press(session, 'u');
    expect(session.state().layers).toBe(before);
    expect(session.state().toast?.text).toBe('The playbook still runs: Esc at its prompt, then x ends it; then undo.');
  });

  test('help lists the actions of the view under it and runs the selected one', async () => {
    const { session } = await sessionIn('triage');
    press(session, '?');
    const at = helpEntries(session.state()).findIndex((binding) => binding.id === 'zoom');
    for (let step = 0; step < at; step += 1) press(session, 'Down');
    press(session, 'Enter');
    const layer = session.state().layers.at(-1);
    expect(layer?.kind === 'triage' && layer.zoomed).toBe(true);
  });

  test('the palette finds an action by what it is called and runs it', async () => {
    const { session } = await sessionIn('triage');
    for (const key of [':', ...'zoom']) press(session, key);
    expect(paletteMatches(session.state())[0]?.id).toBe('zoom');
    press(session, 'Enter');
    const layer = session.state().layers.at(-1);
    expect(layer?.kind === 'triage' && layer.zoomed).toBe(true);
  });

  test('the key table has a row for each action', () => {
    const rows = keyTable().split('\n');
    expect(rows[0]).toBe('| Key | What it does | Where | Name in `keys:` |');
    expect(rows).toHaveLength(bindings.length - 8 + 2);
    expect(keyTable()).toContain('| `Ctrl+C` |');
  });
});

describe('keys', () => {
  test('characters that arrive together are told apart', () => {
    expect(keysOf('p1y', {})).toEqual(['p', '1', 'y']);
    expect(keysOf('we\r', {})).toEqual(['w', 'e', 'Enter']);
    expect(keysOf('p', { meta: true })).toEqual(['Esc', 'p']);
    expect(keysOf('', { escape: true })).toEqual(['Esc']);
    expect(keysOf('c', { ctrl: true })).toEqual(['Ctrl+C']);
    expect(keysOf('', { tab: true, shift: true })).toEqual(['Shift+Tab']);
  });
});
