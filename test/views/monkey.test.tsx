import stringWidth from 'string-width';
import { expect, test } from 'vitest';
import type { Prompt } from '../../src/playbook/run.ts';
import { createSession } from '../../src/session/session.ts';
import { framesOf } from '../../views/frame.ts';
import { runWorkbench } from '../../views/workbench.tsx';
import { incident, known, machine, now, suspects, unknown } from './fixtures/incident.ts';
import { keyPrompt, lockView, ScriptedRun, settle, typedPrompt, World } from './fixtures/ports.ts';
import { FakeTerminal } from './fixtures/screen.ts';

// `npm run test:monkey -- SEED COUNT` sets these.
const seed = Number(process.env.CORDON_MONKEY_SEED ?? 77);
const count = Number(process.env.CORDON_MONKEY_COUNT ?? 150);

/** Numbers from 0 to 1 that are the same for a seed (mulberry32). */
function randomOf(start: number): () => number {
  let state = start >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A playbook that reports each answer that it accepts. */
class WatchedRun extends ScriptedRun {
  accepted: (prompt: Prompt) => void = () => undefined;
  override answer(text: string) {
    const { prompt } = this.current;
    const taken = super.answer(text);
    if (taken === 'accepted' && prompt) this.accepted(prompt);
    return taken;
  }
}

const keys = [
  ...'abcdefghijklmnopstuwxyznorRSGO12345<:/? ',
  ...[
    '\r',
    '\r',
    '\t',
    '\u001b',
    '\u001b',
    '\u007f',
    '\u000c',
    '\u0015',
    '\u0004',
    '\u0006',
    '\u0002',
    '\u0017',
    '\u0001',
  ],
  ...['A', 'B', 'C', 'D', 'F', 'H', 'Z', '5~', '6~', '3~'].map((end) => `\u001b[${end}`),
  'web01\r',
  '2\r',
  '3\r',
  'y',
  'y',
];
const pastes = ['web01', 'q\r\n', '\u001b[31mred', '漢字漢字', 'x'.repeat(500), '💥👨‍👩‍👧'];
const sizes = [
  [80, 24],
  [120, 40],
  [60, 15],
  [200, 60],
  [100, 30],
  [50, 10],
  [161, 33],
  [79, 19],
] as const;

test(`${count} events of seed ${seed}: no defect, no change that was not asked for long enough, no torn frame`, {
  timeout: Math.max(120_000, count * 400),
}, async () => {
  const random = randomOf(seed);
  for (let done = 0; done < count; ) done += await workbenchOf(random, count - done);
});

/** Plays with one workbench until so many events were sent or it was left; returns how many were. */
async function workbenchOf(random: () => number, most: number): Promise<number> {
  const below = (limit: number) => Math.floor(random() * limit);
  const pick = <T,>(list: readonly T[]): T => list[below(list.length)] as T;
  const world = new World();
  // A disk that takes no case, and a clipboard that is not there.
  if (random() < 0.2) world.failCase = 'the disk is full';
  if (random() < 0.2) world.ports.clipboard.copy = () => 'the terminal has no clipboard';
  const terminal = new FakeTerminal(80, 24);
  const session = createSession(world.ports, { readOnly: false, scope: 'contoso-prod' });
  const ended = runWorkbench({
    session,
    stdin: terminal.stdin,
    stdout: terminal.stdout,
    stderr: process.stderr,
    theme: 'auto',
  });
  let defect: unknown = null;
  ended.catch((error: unknown) => {
    defect = error;
  });

  /** Since when the question has been on the terminal, by this test's own look at it. */
  const seen: { question: string; at: number } = { question: '', at: 0 };
  const history: string[] = [];
  const follow = (run: WatchedRun) => {
    run.accepted = (prompt) => {
      if (prompt.level === 'ask') return;
      const stood = seen.question === prompt.question ? world.elapsed - seen.at : -1;
      expect(stood, `${prompt.question} was accepted\n${history.slice(-30).join('\n')}`).toBeGreaterThanOrEqual(500);
    };
    return run;
  };
  /** The same of the question of an act, before any of its runs may start. */
  const actSeen: { question: string; at: number } = { question: '', at: 0 };
  const member = (name: string) => {
    const run = new ScriptedRun({ ...lockView(), vm: { id: machine(name).id, name } });
    const start = run.start.bind(run);
    run.start = () => {
      const stood = actSeen.question === '' ? -1 : world.elapsed - actSeen.at;
      expect(stood, `a run of an act on ${name} began\n${history.slice(-30).join('\n')}`).toBeGreaterThanOrEqual(500);
      return start();
    };
    world.members.set(name, run);
  };
  for (const { name } of suspects()) member(name);
  const newRun = () => {
    world.run = follow(new WatchedRun(lockView(pick([keyPrompt, typedPrompt, null]))));
  };
  newRun();

  const events: [number, string, () => void | Promise<void>][] = [
    [60, 'key', () => terminal.type(pick(keys))],
    [
      6,
      'held y',
      () => {
        for (let at = 0; at < 20; at += 1) {
          terminal.type('y');
          world.pass(50);
        }
      },
    ],
    [4, 'keys in one read', () => terminal.type([pick(keys), pick(keys), pick(keys)].join(''))],
    [4, 'paste', () => terminal.type(`\u001b[200~${pick(pastes)}\u001b[201~`)],
    [8, 'mouse', () => terminal.type(`\u001b[<${pick([0, 64, 65, 2])};${1 + below(200)};${1 + below(60)}M`)],
    [4, 'resize', () => terminal.resize(...pick<readonly [number, number]>(sizes))],
    [10, 'time', () => world.pass(50 * below(30))],
    [4, 'rows', () => world.tellRows(suspects().slice(below(4)))],
    [3, 'scan', () => (random() < 0.2 ? world.failScan('Resource Graph does not answer.') : world.endScan())],
    [
      4,
      'triage',
      () =>
        random() < 0.2
          ? world.failTriage('the connection was lost.')
          : world.endTriage({ ...incident(), ...(random() < 0.3 ? { logons: unknown('no agent') } : {}) }),
    ],
    [
      5,
      'prompt',
      () => world.run.become({ prompt: pick([keyPrompt, typedPrompt, { ...keyPrompt, question: 'Start a backup?' }]) }),
    ],
    [
      2,
      'end',
      () => {
        world.run.finish({ outcome: pick(['done', 'failed', 'needs-attention']), summary: 'It ended.' });
        newRun();
      },
    ],
    [
      4,
      'incident',
      () => {
        const reading = world.incidents.at(-1);
        const vm = machine('web01');
        const gone = unknown('no workspace in reach');
        const followed = { addresses: [], accounts: [], privateAddresses: null, since: null };
        const one = { vm, hop: 0, because: '', followed, logons: gone, operations: known([]) };
        const document = { schema: 'cordon.incident/1' as const, asOf: now, vms: [one], notFollowed: [] };
        pick([
          () => reading?.told.onProgress({ vms: [{ ...one, operations: null }], notFollowed: [] }),
          () => reading?.told.onTriage(incident(machine('sql02'))),
          () => reading?.end(document),
          () => reading?.fail(new Error('Resource Graph does not answer.')),
        ])();
      },
    ],
    [
      2,
      'end on a VM',
      () => {
        const [name, run] = pick([...world.members]);
        if (!run.calls.includes('start')) return;
        run.finish({ outcome: pick(['done', 'failed', 'needs-attention']), summary: 'It ended.' });
        member(name);
      },
    ],
    [
      3,
      'log',
      () => {
        const gone = unknown('no permission on the workspace');
        pick([
          () => world.opening.at(-1)?.fail(new Error('it is no event log')),
          () => world.looking.at(-1)?.end(gone),
          () => world.tracing.at(-1)?.end(gone),
        ])();
      },
    ],
    [2, 'background', () => terminal.type(pick(['\u001b]11;rgb:ffff/ffff/ffff\u0007', '\u001b]11;rgb:0/0/0\u001b\\']))],
    [
      2,
      'tick',
      () => {
        world.clock += 1_000 * below(2_000);
        session.dispatch({ type: 'tick' });
      },
    ],
  ];
  const total = events.reduce((sum, [weight]) => sum + weight, 0);
  const drawn = (place: number) => {
    let end = 0;
    return events.find(([weight]) => {
      end += weight;
      return place < end;
    });
  };

  /** Looks whether every line fits, and whether the question is on the terminal. */
  const look = async () => {
    const lines = await terminal.lines();
    for (const line of lines)
      expect(stringWidth(line), history.slice(-5).join('\n')).toBeLessThanOrEqual(terminal.screen.cols);
    const asked = world.run.current.prompt?.question ?? '';
    const shown = asked !== '' && lines.some((line) => line.includes(asked.slice(0, 30)));
    if (!shown) seen.question = '';
    else if (seen.question !== asked) Object.assign(seen, { question: asked, at: world.elapsed });
    const all = session.state().acts.find(({ view }) => view.prompt)?.view.prompt?.question ?? '';
    if (all === '' || !lines.some((line) => line.includes(all.slice(0, 30)))) actSeen.question = '';
    else if (actSeen.question !== all) Object.assign(actSeen, { question: all, at: world.elapsed });
  };

  let sent = 0;
  for (; sent < most && world.quits === 0; sent += 1) {
    const at = sent;
    const [, name, act] = drawn(random() * total) ?? pick(events);
    history.push(`${at} ${name} ${session.state().layers.at(-1)?.kind}`);
    await act();
    await settle();
    if (defect !== null) throw new Error(`${String(defect)}\n${history.slice(-30).join('\n')}`, { cause: defect });
    await look();
    if (at % 20 === 0 && world.quits === 0) {
      // Once Ink has drawn, the terminal shows the session's frame, row by row. An escape that was typed last
      // takes effect a moment later, so that both are looked at together.
      const wanted = () => {
        const frames = framesOf(session);
        frames.stop();
        const { blocks } = frames.current();
        const rows = blocks.flatMap((block): (string | null)[] => (block.kind === 'rows' ? [...block.rows] : [null]));
        return rows.map((row) => row?.replace(/\u001b\[[0-9;]*m/g, '').trimEnd() ?? null);
      };
      const isWhole = (screen: string) => {
        const rows = wanted();
        if (rows.includes(null)) return true;
        return screen.split('\n').every((row, place) => row.trimEnd() === rows[place]);
      };
      // An input that closes before it was drawn changes what is wanted and writes nothing: that is a reason to look too.
      const unfollow = session.subscribe(() => terminal.screen.write(''));
      await terminal.until(isWhole).catch((error: unknown) => {
        throw new Error(`torn:\n${String(error)}\nwanted:\n${wanted().join('\n')}\n${history.slice(-30).join('\n')}`);
      });
      unfollow();
      // Ink draws while that is awaited: what appeared meanwhile is on screen from now on.
      await look();
    }
  }
  session.dispatch({ type: 'leave' });
  await ended;
  await terminal.lines();
  expect(terminal.raw).toBe(false);
  expect(terminal.screen.buffer.active.type).toBe('normal');
  expect(terminal.written.join('').lastIndexOf('\u001b[?1000l')).toBeGreaterThan(
    terminal.written.join('').lastIndexOf('\u001b[?1000h'),
  );
  return sent;
}
