import { setImmediate as round } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { theirTurn } from '../../../src/azure/client/in-turns.ts';

it('gives each who asks a round of the event loop of its own, in their order', async () => {
  const done: string[] = [];
  const asked = ['a', 'b', 'c'].map(async (name) => {
    await theirTurn();
    done.push(name);
  });
  const seen: string[] = [];
  while (done.length < 3) {
    await round();
    seen.push(done.join(''));
  }
  await Promise.all(asked);
  const grown = seen.filter((text, at) => text !== seen[at - 1] && text !== '');
  expect(grown).toEqual(['a', 'ab', 'abc']);
});
