import { afterEach, describe, expect, test } from 'vitest';
import { createSession } from '../../src/session/session.ts';
import { mouseParser } from '../../views/mouse.ts';
import { runWorkbench } from '../../views/workbench.tsx';
import { keyPrompt, lockView, ScriptedRun, settle, World } from './fixtures/ports.ts';
import { FakeTerminal } from './fixtures/screen.ts';

const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const leave of open.splice(0)) await leave();
});

async function begin(columns = 120, rows = 36, world = new World()) {
  const terminal = new FakeTerminal(columns, rows);
  const session = createSession(world.ports, { readOnly: false, scope: 'contoso-prod' });
  const ended = runWorkbench({ session, stdin: terminal.stdin, stdout: terminal.stdout, stderr: process.stderr });
  open.push(async () => {
    session.dispatch({ type: 'leave' });
    await ended;
  });
  await world.endScan();
  await terminal.until('❯▲ web01');
  return { terminal, session, world, ended };
}

const at = (column: number, row: number, button = 0) => `\u001b[<${button};${column + 1};${row + 1}M`;

describe('the screen', () => {
  test.each([
    ['a resize that ends at the same size', (terminal: FakeTerminal) => terminal.stdout.emit('resize')],
    ['a resize signal that Node tells nothing of', () => process.emit('SIGWINCH', 'SIGWINCH')],
    ['Ctrl+L', (terminal: FakeTerminal) => terminal.type('\u000c')],
  ])('%s draws everything anew over a torn frame', async (_, cause) => {
    const { terminal } = await begin();
    const whole = await terminal.lines();
    terminal.screen.write('\u001b[3;1HTORN\u001b[20;1H\u001b[K\u001b[H\u001b[5L');
    expect(await terminal.lines()).not.toEqual(whole);
    cause(terminal);
    await terminal.until((screen) => screen === whole.join('\n'));
  });

  test('raw keys come before the alternate screen, so that nothing typed ahead is echoed onto it', async () => {
    const terminal = new FakeTerminal(80, 24);
    const order: string[] = [];
    const { stdout, stdin } = terminal;
    const write = stdout.write.bind(stdout);
    Object.assign(stdin, { setRawMode: (on: boolean) => order.push(`raw ${on}`) });
    Object.assign(stdout, {
      write: (data: string, ...rest: []) => {
        if (data.includes('\u001b[?1049h')) order.push('alternate');
        return write(data, ...rest);
      },
    });
    const session = createSession(new World().ports, { readOnly: false, scope: 'contoso-prod' });
    const ended = runWorkbench({ session, stdin, stdout, stderr: process.stderr });
    session.dispatch({ type: 'leave' });
    await ended;
    expect(order.slice(0, 2)).toEqual(['raw true', 'alternate']);
    expect(order.at(-1)).toBe('raw false');
  });
});

describe('the mouse', () => {
  test('its reports never become keys, also when a read cuts one', () => {
    let elapsed = 0;
    const parse = mouseParser(() => elapsed);
    expect(parse(`a${at(3, 4)}b\u001b[<64;1`)).toEqual({
      keys: 'ab',
      events: [{ kind: 'press', column: 3, row: 4 }],
      background: '',
    });
    expect(parse(';2Mc')).toMatchObject({ keys: 'c', events: [{ kind: 'wheel-up', column: 0, row: 1 }] });
    expect(parse('\u001b')).toMatchObject({ keys: '\u001b', events: [] });
    expect(parse('x\u001b]11;rgb:ff')).toMatchObject({ keys: 'x', background: '' });
    expect(parse('ff/ffff/ffff\u001b\\y')).toMatchObject({ keys: 'y', background: 'rgb:ffff/ffff/ffff' });
    // A rest that never comes swallows no keys for long.
    expect(parse('\u001b]11;rgb:ff')).toMatchObject({ keys: '' });
    elapsed += 3_000;
    expect(parse('/web')).toMatchObject({ keys: '/web', background: '' });
  });

  test('a press moves the cursor to a row, on it again opens, on a heading sorts; the wheel moves', async () => {
    const { terminal, session } = await begin();
    terminal.type(at(10, 4));
    await terminal.until('❯▲ sql02');
    terminal.type(at(4, 2));
    await terminal.until('VM▾');
    expect(session.state().sort).toBe('name');
    terminal.type(at(10, 10, 65));
    await settle();
    terminal.type(at(4, 2));
    await terminal.until('VM▴');
    const row = (await terminal.lines()).findIndex((line) => line.startsWith('❯'));
    terminal.type(at(10, row));
    await terminal.until('Exposed ports');
    terminal.type(at(60, 10));
    await terminal.until('❯ 2 Failed logons');
  });

  test('no press answers a prompt', async () => {
    const world = new World();
    world.run = new ScriptedRun(lockView(keyPrompt));
    const { terminal } = await begin(120, 36, world);
    terminal.type('\r');
    await settle();
    await world.endTriage();
    await terminal.until('Next: p');
    terminal.type('p');
    await terminal.until('Enter start');
    terminal.type('1');
    await terminal.until('Create the NSG?');
    world.pass(5_000);
    await terminal.until('y apply');
    const footer = (await terminal.lines()).at(-1) ?? '';
    terminal.type(at(footer.indexOf('y yes'), 35));
    await settle();
    expect(world.run.answers).toEqual([]);
  });
});

describe('attention', () => {
  test('a prompt that begins to wait rings, and the title says what waits; the title comes back', async () => {
    const world = new World();
    world.run = new ScriptedRun(lockView());
    const { terminal, session, ended } = await begin(120, 36, world);
    terminal.type('\r');
    await settle();
    await world.endTriage();
    await terminal.until('Next: p');
    terminal.type('p1');
    await settle();
    const before = terminal.written.join('');
    expect(before).not.toContain('\u0007\u0007');
    world.run.become({ prompt: keyPrompt });
    await settle();
    const written = terminal.written.join('').slice(before.length);
    expect(written).toContain('\u001b]2;cordon: lock-nsg on web01 waits for you\u0007');
    expect(written.replace(/\u001b\][^\u0007]*\u0007/g, '')).toContain('\u0007');
    session.dispatch({ type: 'leave' });
    await ended;
    expect(terminal.written.join('')).toContain('\u001b[23;2t');
  });
});
