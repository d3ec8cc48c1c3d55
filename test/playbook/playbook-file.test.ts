import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Failure } from '../../src/failure.ts';
import { findPlaybook, loadPlaybooks, PlaybookError, readPlaybook } from '../../src/playbook/playbook-file.ts';
import { nearest } from '../../src/text/nearest.ts';

const actions = new Map([
  [
    'nsg.lock',
    { input: z.strictObject({ ports: z.array(z.int()).default([3389]), denyOutbound: z.boolean().optional() }) },
  ],
  ['disks.snapshot', { input: z.strictObject({ kind: z.enum(['full', 'incremental']).optional() }) }],
]);

function errorOf(source: string): PlaybookError {
  try {
    readPlaybook('own.yaml', source, actions);
  } catch (error) {
    if (error instanceof PlaybookError) return error;
    throw error;
  }
  throw new Error('it was read');
}

const head = 'name: mine\ntitle: Mine\nsummary: What it does\nsteps:\n';

describe('readPlaybook', () => {
  it('reads a playbook', () => {
    const book = readPlaybook(
      'own.yaml',
      `${head}  - id: a\n    title: A\n    uses: nsg.lock\n    with: { ports: [22] }\n`,
      actions,
    );
    expect(book.steps[0]).toMatchObject({ id: 'a', uses: 'nsg.lock', with: { ports: [22] } });
    expect(book.answers).toEqual([]);
  });

  it.each([
    [
      'an unknown action, with the nearest',
      `${head}  - id: a\n    title: A\n    uses: nsg.lok\n`,
      7,
      11,
      'the nearest is nsg.lock',
    ],
    [
      'an unknown key of a step',
      `${head}  - id: a\n    title: A\n    guidence: why\n    note: x\n`,
      7,
      5,
      'the nearest is guidance',
    ],
    [
      'an unknown key of the header',
      `nam: mine\n${head}  - id: a\n    title: A\n    note: x\n`,
      1,
      1,
      'the nearest is name',
    ],
    [
      'an unknown setting',
      `${head}  - id: a\n    title: A\n    uses: nsg.lock\n    with:\n      port: [22]\n`,
      9,
      7,
      'the nearest is ports',
    ],
    [
      'a setting of another type',
      `${head}  - id: a\n    title: A\n    uses: nsg.lock\n    with:\n      ports: [22, ssh]\n`,
      9,
      19,
      'expected number, received string',
    ],
    ['a step that is nothing', `${head}  - id: a\n    title: A\n`, 5, 5, 'expected one of uses, ask, note, check'],
    [
      'a step that is two things',
      `${head}  - id: a\n    title: A\n    note: x\n    ask: y\n`,
      5,
      5,
      'found ask and note',
    ],
    [
      'two steps of one name',
      `${head}  - id: a\n    title: A\n    note: x\n  - id: a\n    title: B\n    note: y\n`,
      8,
      9,
      'another step is called a',
    ],
    [
      'an undo of what is not there',
      `${head}  - id: a\n    title: A\n    check: nsg.lock\n    whenFailed: { undo: b }\n`,
      8,
      25,
      'there is none',
    ],
    ['something that is not YAML', 'name: [mine\ntitle: x\n', 2, 1, 'not YAML'],
    ['a missing header', 'name: mine\n', 1, 1, 'title'],
  ])('says where and what: %s', (_name, source, line, column, text) => {
    const error = errorOf(source);
    expect(error.message).toContain(text);
    expect([error.line, error.column]).toEqual([line, column]);
    expect(error.message.startsWith(`own.yaml:${line}:${column}: `)).toBe(true);
  });

  it('refuses a bomb of aliases instead of expanding it', () => {
    const rows = Array.from(
      { length: 12 },
      (_, i) =>
        `x${i + 1}: &x${i + 1} [${Array(10)
          .fill(i === 0 ? 'a' : `*x${i}`)
          .join(', ')}]`,
    );
    expect(() => readPlaybook('own.yaml', rows.join('\n'), actions)).toThrow(PlaybookError);
  });

  it('keeps control characters of a file out of its error', () => {
    expect(errorOf(`${head}  - id: a\n    title: A\n    uses: "nsg\\e[31m.lock"\n`).message).not.toContain('\u001b');
  });
});

describe('the shelf', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cordon-playbooks-'));
    for (const name of ['built-in', 'own']) await mkdir(join(folder, name));
  });
  afterEach(() => rm(folder, { recursive: true }));
  const folders = () => ({ builtIn: join(folder, 'built-in'), own: join(folder, 'own') });
  const book = (name: string) => `name: ${name}\ntitle: T\nsummary: S\nsteps: [{ id: a, title: A, note: n }]\n`;

  it('lets a broken own file not hide the others, and no own file take a built-in name', async () => {
    await writeFile(join(folder, 'built-in', 'lock-nsg.yaml'), book('lock-nsg'));
    await writeFile(join(folder, 'own', 'a.yaml'), 'name: 3\n');
    await writeFile(join(folder, 'own', 'b.yml'), book('lock-nsg'));
    await writeFile(join(folder, 'own', 'c.yml'), book('mine'));
    const shelf = await loadPlaybooks(folders(), actions);
    expect(shelf.playbooks.map((one) => [one.playbook.name, one.builtIn])).toEqual([
      ['lock-nsg', true],
      ['mine', false],
    ]);
    expect(shelf.problems).toHaveLength(2);
    expect(shelf.problems[1]).toContain('is taken by');
  });

  it('names the nearest for an unknown name', async () => {
    await writeFile(join(folder, 'built-in', 'lock-nsg.yaml'), book('lock-nsg'));
    await writeFile(join(folder, 'built-in', 'snapshot.yaml'), book('snapshot-disks'));
    const shelf = await loadPlaybooks({ ...folders(), own: join(folder, 'not-there') }, actions);
    expect(() => findPlaybook(shelf, 'lock-nsf')).toThrow(new Failure('no playbook lock-nsf: did you mean lock-nsg?'));
    expect(() => findPlaybook(shelf, 'zzzzzzzzzzzz')).toThrow('known are lock-nsg, snapshot-disks');
    expect(findPlaybook(shelf, 'snapshot-disks').name).toBe('snapshot-disks');
  });

  it('gives the nearest names first', () => {
    expect(nearest('snapshot', ['lock-nsg', 'snapshot-disks', 'trigger-backup'])).toEqual(['snapshot-disks']);
    expect(nearest('completely different words', ['lock-nsg'])).toEqual([]);
  });
});
