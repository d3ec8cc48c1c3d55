import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { failedLogon, successfulLogon, writeLog } from '../eventlog/log-writer.ts';
import { screenOf } from '../views/fixtures/screen-of.ts';
import { cordon } from './cordon.ts';
import type { TerminalProgram } from './terminal.ts';
import { begun, open } from './workbench.ts';

const patience = 60_000;

/** Answers a prompt once its keys count: its title and text were on the screen for long enough. */
async function confirm(screen: TerminalProgram, question: RegExp, tells: string, keys: string): Promise<void> {
  await screen.until(question, patience);
  const shown = await screen.until(/(y apply|y undo|to apply|to undo) ·/, patience);
  expect(shown).toMatch(question);
  expect(shown).toContain(tells);
  screen.type(keys);
}

/** Goes to the chooser and starts a playbook by the number before it. */
async function start(screen: TerminalProgram, playbook: string): Promise<void> {
  screen.type('p');
  const chooser = await screen.until(new RegExp(`\\d ${playbook} `), patience);
  screen.type(new RegExp(`(\\d) ${playbook} `).exec(chooser)?.[1] ?? '');
}

async function toTriage(screen: TerminalProgram): Promise<void> {
  screen.type('\u001b');
  await screen.until('1 Exposed ports', patience);
}

describe('an incident, with the keyboard alone', () => {
  it('finds the broken-into server, locks, preserves, backs up, undoes and exports', { timeout: 240_000 }, async () => {
    const { cases, simulator } = begun();
    const screen = open(120, 40);
    await screen.until(/❯▲ web01 .*THEN SUCCESS/, patience);
    await screen.until((text) => !text.includes('reading'), patience);
    screen.type('\r');
    const before = await screen.until(
      (text) => text.includes('effective rules agree') && text.includes('THEN LOGON'),
      patience,
    );
    const seen = screenOf(before);
    expect(seen.pane('Exposed ports').row('3389')).toMatch(/^❯▲ 3389\/tcp +RDP +whole Internet/);
    expect(seen.pane('Failed logons').row('1,204')).toMatch(/^▲/);
    expect(seen.row('COMPROMISED')).toContain('as svc-backup from 203.0.113.77, RDP, 02:14:09Z, after 1,204 failures');
    expect(seen.row('STILL OPEN')).toMatch(/^▲ .*3389 4389 443 to everybody/);
    expect(screen.raw).not.toContain('\u001b]0;');

    // Reads on: every finding, the time line, the events next to the logon, the address on other machines.
    screen.type('f');
    await screen.until(/\d+ findings[\s\S]*practice \d/, patience);
    await toTriage(screen);
    screen.type('l');
    await screen.until(/entries, UTC[\s\S]*logon after the failures/, patience);
    await toTriage(screen);
    screen.type('2\r');
    await screen.until(/4624 +logon of svc-backup from 203\.0\.113\.77/, patience);
    screen.type('a');
    await screen.until(/1,204 failed logons on 1 VM; logons on web01/, patience);
    screen.type('\u001b');
    await screen.until('When', patience);
    await toTriage(screen);

    await start(screen, 'lock-nsg');
    await confirm(screen, /Lock .* of web01\?/, 'Inbound stops for everyone but', '\r');
    expect((await simulator.mutations()).length).toBe(0);
    // Enter alone is No, and No does not end it in silence.
    await screen.until('s skip this step · l later', patience);
    screen.type('x');
    await screen.until('STILL OPEN  3389 4389 443 to everybody', patience);
    await toTriage(screen);
    await screen.until('STILL OPEN 3389 4389 443: lock-nsg ended at step 1 (w)', patience);
    screen.type('w');
    await screen.until('c goes on with step 1', patience);
    expect((await simulator.mutations()).length).toBe(0);
    screen.type('c');
    await confirm(screen, /Lock .* of web01\?/, 'Inbound stops for everyone but', 'web01\r');
    await screen.until(/undone in \d/, patience);
    await screen.until((text) => !text.includes('asking Azure'), patience);
    await toTriage(screen);
    const locked = await screen.until(
      (text) => !text.includes('whole Internet') && text.includes('198.51.100.2'),
      patience,
    );
    expect(locked).not.toContain('whole Internet');

    await start(screen, 'snapshot-disks');
    await confirm(screen, /snapshot.*\?/i, 'web01', 'y');
    await screen.until((text) => /✓ +1 /.test(text), patience);
    await toTriage(screen);

    await start(screen, 'trigger-backup');
    await confirm(screen, /backup.*\?|Back up.*\?/i, 'web01', 'y');
    await screen.until((text) => /✓ +1 /.test(text), patience);
    await toTriage(screen);

    screen.type('w');
    await screen.until('trigger-backup', patience);
    screen.type('w');
    await screen.until('snapshot-disks', patience);
    screen.type('w');
    await screen.until('lock-nsg', patience);
    screen.type('u');
    await confirm(screen, /Undo the step that was done on web01\?/, 'Puts web-nsg back', 'web01\r');
    await screen.until((text) => /web01-nic has web-nsg again/.test(text), patience);
    await toTriage(screen);
    await screen.until((text) => screenOf(text).pane('Exposed ports').has('RDP    whole'), patience);

    screen.type('t');
    await screen.until('chain ✓', patience);
    screen.type('e');
    await screen.until(/\.md/, patience);
    screen.type('\u0003');
    const { exitCode } = await screen.exited;
    expect(exitCode).toBe(0);
    expect(screen.alternate).toBe(false);

    const [id = ''] = readdirSync(cases);
    expect((await cordon(['case', 'verify', id, '--cases', cases])).code).toBe(0);
    const entries = readFileSync(join(cases, id, 'transcript.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const mutations = await simulator.mutations();
    expect(mutations.length).toBeGreaterThanOrEqual(8);
    const intents = entries.filter((entry) => entry.kind === 'intent');
    for (const mutation of mutations) {
      const intent = intents.find((entry) => entry.body.clientRequestId === mutation.clientRequestId);
      expect(intent, `intent of ${mutation.method} ${mutation.path}`).toBeDefined();
      const outcome = entries.find((entry) => entry.kind === 'outcome' && entry.body.intent === intent?.body.id);
      expect(outcome, `outcome of ${mutation.method} ${mutation.path}`).toBeDefined();
      expect(intent.seq).toBeLessThan(outcome.seq);
    }
    const notes = (await cordon(['case', 'export', id, '--cases', cases])).stdout;
    expect(notes).toContain('.md');
  });

  it('opens an exported event log where no workspace has logs, and keeps its hash', { timeout: 120_000 }, async () => {
    const log = writeLog([
      ...Array.from({ length: 40 }, (_, i) => ({
        ...failedLogon(i + 1, `2026-11-23T01:00:${10 + i}Z`),
        computer: 'legacy7',
      })),
      { ...successfulLogon(41, '2026-11-23T01:01:00Z'), computer: 'legacy7' },
    ]);
    const { cases } = begun();
    const path = join(cases, 'Security of legacy7.evtx');
    writeFileSync(path, log);
    const screen = open(120, 40);
    await screen.until(/legacy7/, patience);
    screen.type('/legacy7\r');
    await screen.until(/❯.* legacy7/, patience);
    screen.type('\r');
    await screen.until(/\? Not known: no agent of this/, patience);
    screen.type('o');
    await screen.until('exported event log (.evtx) >', patience);
    screen.type(`${path}\r`);
    await screen.until('Opened read-only: Security of legacy7.evtx, 41 records', patience);
    const shown = await screen.until(/THEN LOGON[\s\S]*not seen: Log Analytics: not/, patience);
    expect(shown).toMatch(/brute force +40/);
    screen.type('O');
    await screen.until(/\? Not known: no agent of this/, patience);
    screen.type('\u0003');
    await screen.exited;
    const id = readdirSync(cases).find((name) => name.includes('-legacy7')) ?? '';
    const transcript = readFileSync(join(cases, id, 'transcript.jsonl'), 'utf8');
    expect(transcript).toContain('event logs opened read-only for legacy7: Security of legacy7.evtx, 41 records');
    expect(transcript).toContain(createHash('sha256').update(log).digest('hex').slice(0, 12));
  });

  it('survives the simulator being pulled away, and says so', { timeout: 120_000 }, async () => {
    const { simulator } = begun();
    const screen = open(80, 24);
    await screen.until(/web01/, patience);
    await screen.until((text) => !text.includes('reading'), patience);
    await simulator.stop();
    screen.type('\r');
    await screen.until(/does not answer|Not known/, patience);
    screen.type('\u0003');
    await screen.exited;
    expect(screen.alternate).toBe(false);
  });
});
