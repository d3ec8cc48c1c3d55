import { afterEach, expect, test } from 'vitest';
import { createSession } from '../../src/session/session.ts';
import { runWorkbench } from '../../views/workbench.tsx';
import { lockView, ScriptedRun, settle, typedPrompt, World } from './fixtures/ports.ts';
import { FakeTerminal } from './fixtures/screen.ts';

const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const leave of open.splice(0)) await leave();
});

/** Everything that was said, without what moves a cursor. */
const heard = (terminal: FakeTerminal) =>
  terminal.written
    .join('')
    .replace(/\u001b\[[0-9;?]*[A-Za-z]/g, '')
    .replaceAll('\r', '');

test('lock-nsg is run to its end by ear: appended lines, numbered choices, no boxes', async () => {
  const world = new World();
  world.run = new ScriptedRun(lockView(typedPrompt));
  const terminal = new FakeTerminal(80, 24);
  const session = createSession(world.ports, { readOnly: false, scope: 'contoso-prod' });
  const { stdin, stdout } = terminal;
  const ended = runWorkbench({ session, stdin, stdout, stderr: process.stderr, screenReader: true });
  open.push(async () => {
    session.dispatch({ type: 'leave' });
    await ended;
  });
  await world.endScan();
  await settle();
  expect(heard(terminal)).toContain('1 of 6: web01, rg-web. critical.');
  terminal.type('\u001b[B');
  await settle();
  expect(heard(terminal)).toContain('2 of 6: sql02');
  terminal.type('\u001b[A');
  terminal.type('\r');
  await settle();
  await world.endTriage();
  await settle();
  expect(heard(terminal)).toContain('COMPROMISED: as svc-backup from 203.0.113.77, RDP, 02:14:09Z');
  expect(heard(terminal)).toContain('Suggested: p, then 1: lock-nsg.');
  terminal.type('p');
  await settle();
  expect(heard(terminal)).toContain('1. lock-nsg: Lock the network.');
  terminal.type('1');
  await settle();
  expect(heard(terminal)).toContain('Swap the NSG of web01-nic? Inbound stops for everyone but 198.51.100.20.');
  expect(heard(terminal)).toContain('Sessions that are already open may survive.');
  world.pass(1_000);
  await settle();
  expect(heard(terminal)).toContain('type web01 and Enter to apply');
  // The plan comes before the question, and the question once.
  expect(heard(terminal)).toMatch(/Undo puts web-nsg back[\s\S]*\nSwap the NSG of web01-nic\?/);
  expect(heard(terminal).split('Swap the NSG of web01-nic?')).toHaveLength(2);
  expect(heard(terminal)).not.toMatch(/^,/m);
  terminal.type('web01');
  await settle();
  expect(heard(terminal)).toContain('> web01');
  terminal.type('\r');
  await settle();
  expect(world.run.answers).toEqual(['web01']);
  const steps = lockView().steps.map((step) => ({
    ...step,
    state: 'done' as const,
    action: step.kind === 'action' ? 'nsg.lock' : '',
  }));
  world.run.finish({ steps, outcome: 'done', summary: 'Locked.', autoUndoAt: '2026-11-23T02:34:43Z' });
  await settle();
  const all = heard(terminal);
  expect(all).toContain('Step 3 of 5, swap the NSG at the NIC: done.');
  expect(all).toContain('Undone by itself at 02:34:43Z. k keeps it, u undoes it now.');
  expect(all).toMatch(/Left to do:\n1\. /);
  expect(all).not.toMatch(/[│┌┐└┘─]/);
  // Nothing takes the screen: what was said stays above.
  expect(terminal.written.join('')).not.toContain('\u001b[?1049h');
});
