import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { sha256 } from '../../src/casefile/chain.ts';
import { stampsOf } from '../../src/casefile/time-stamps.ts';
import { eventfulCase, newStore } from './sample-case.ts';

it('finds every stamp that the entries note, however many there are', async () => {
  const many = 1001;
  const store = await newStore();
  const open = await eventfulCase(store);
  const { count, head } = open.transcript;
  const { directory } = open;
  await mkdir(join(directory, 'timestamps'));
  const nameOf = (number: number) => `timestamps/${count}-${head}${number === 1 ? '' : `-${number}`}.tsr`;
  const answer = Buffer.from('an answer');
  for (let number = 1; number <= many; number += 1) {
    await writeFile(join(directory, nameOf(number)), answer);
    const timestamp = { file: nameOf(number), sha256: sha256(answer) };
    await open.transcript.append('note', 'anna', { text: 'stamped', timestamp });
  }
  await writeFile(join(directory, nameOf(2)), Buffer.alloc(2 * 1024 * 1024));
  const gone = { file: nameOf(many + 1), sha256: sha256(answer) };
  await open.transcript.append('note', 'anna', { text: 'stamped', timestamp: gone });
  await open.release();

  const misfits = new Map<string, string>();
  const reader = await store.read(open.id);
  for await (const { file, misfit } of stampsOf(reader)) if (misfit !== '') misfits.set(file, misfit);
  expect(Object.fromEntries(misfits)).toEqual({
    [nameOf(2)]: 'is not the one that the record notes',
    [nameOf(many + 1)]: 'is missing',
  });
});
