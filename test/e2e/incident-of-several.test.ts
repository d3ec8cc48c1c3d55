import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { screenOf } from '../views/fixtures/screen-of.ts';
import { cordon } from './cordon.ts';
import type { TerminalProgram } from './terminal.ts';
import { begun, open } from './workbench.ts';

const patience = 60_000;

it('goes from web01 to web02 and to its disk, contains both in one act, and undoes both', {
  timeout: 240_000,
}, async () => {
  const { cases, simulator } = begun();
  const screen = open(120, 40);
  const until = async (wanted: Parameters<TerminalProgram['until']>[0]) =>
    screenOf(await screen.until(wanted, patience));
  await until(/❯▲ web01 .*THEN SUCCESS/);
  await until((text) => !text.includes('reading'));
  screen.type('\r');
  await until('COMPROMISED');
  screen.type('i');
  const incident = await until(/ {2}read \d+s ago/);
  expect(incident.row('→ web02')).toMatch(
    /^▲ +→ web02 +02:16:20Z +run command +command run inside the VM by the identity/,
  );
  expect(incident.row('→ web01-data-1')).toMatch(/^▲ +→ web01-data-1 +02:18:02Z +disk link /);
  expect(incident.row('⇢ file01')).toContain('23 failed logons as svc-backup from web01 (10.1.4.7)');
  expect(incident.rows.slice(2, 6).join(' ').replace(/ +/g, ' ')).toMatch(
    /logon svc-backup[\s\S]*command on web02[\s\S]*disk link web01-data-1/,
  );
  // The VM that a lead points to is there at once, in the same case.
  screen.type('j\r');
  const opened = await until((text) => text.includes('1 Exposed ports') && text.includes('› web02'));
  expect(opened.row('› web02')).toContain('-web01');
  screen.type('\u001b');
  await until('1 VM reached');
  screen.type('g');
  screen.type(' ');
  await until('1 marked (p)');
  screen.type(' ');
  await until('2 marked (p)');
  screen.type('p');
  const chooser = await until('In one act on 2 VMs: web01, web02');
  screen.type(/(\d) +lock-nsg/.exec(chooser.row('lock-nsg '))?.[1] ?? '');
  const asked = await until('type 2 and Enter to apply ·');
  expect(asked.row('lock-nsg on 2 VMs: web01, web02?')).toBeDefined();
  expect(asked.row('Inbound stops for everyone but')).toBeDefined();
  expect(await simulator.mutations()).toEqual([]);
  screen.type('2\r');
  const ended = await until('2 locked');
  expect(ended.row('web02  LOCKED')).toMatch(/^✓ web02 +LOCKED \d\d:\d\d:\d\dZ/);
  const locked = (await simulator.mutations()).map(({ path }) => path);
  for (const nic of ['web01-nic', 'web02-nic']) expect(locked.some((path) => path.endsWith(`/${nic}`))).toBe(true);

  // Each VM has its steps; u is for all of them, confirmed by their number.
  screen.type('\r');
  await until(/web01 › lock-nsg › done[\s\S]*Locked \d\d/);
  screen.type('\u001b');
  await until('2 locked');
  screen.type('u');
  await until('Undo what was done on 2 VMs: web01, web02?');
  await until('to undo ·');
  screen.type('2\r');
  await until((text) => !text.includes('LOCKED') && /web01 +OPEN AGAIN|web01 +NOT LOCKED/.test(text));
  await until((text) => !/undoing/.test(text));
  screen.type('\u0003');
  expect((await screen.exited).exitCode).toBe(0);

  const [id = '', ...others] = readdirSync(cases);
  expect(others).toEqual([]);
  expect((await cordon(['case', 'verify', id, '--cases', cases])).code).toBe(0);
  const entries = readFileSync(join(cases, id, 'transcript.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const confirmed = entries.filter(({ kind, body }) => kind === 'confirm' && body.typed === '2');
  expect(confirmed.map(({ body }) => body.vm.name).toSorted()).toEqual(['web01', 'web02']);
  for (const { clientRequestId, path } of await simulator.mutations()) {
    const intent = entries.find(({ kind, body }) => kind === 'intent' && body.clientRequestId === clientRequestId);
    expect(intent, path).toBeDefined();
    expect(path).toContain(intent.body.vm.name);
  }
  const notes = await cordon(['case', 'export', id, '--cases', cases]);
  const text = readFileSync(notes.stdout.trim(), 'utf8');
  for (const wanted of [
    /^### web01$/m,
    /^### web02$/m,
    /From VM to VM[\s\S]*\| web01 \| web02 \|/,
    /disk web01-data-1/,
  ]) {
    expect(text).toMatch(wanted);
  }
});
