import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { confirmWrite } from '../../src/commands/confirm-write.ts';

function terminal() {
  const input = Object.assign(new PassThrough(), { isTTY: true });
  const shown = Object.assign(new PassThrough(), { isTTY: true });
  let text = '';
  shown.on('data', (piece) => {
    text += String(piece);
  });
  const streams = { stdout: new PassThrough(), stderr: shown };
  return { input, streams, text: () => text };
}

const asked = (typed: string, before = '') => {
  const { input, streams, text } = terminal();
  if (before !== '') input.write(before);
  const confirmed = confirmWrite(['This is written'], { yes: false, streams }, input);
  streams.stderr.on('data', (piece) => {
    if (String(piece).includes('Write it?')) input.write(typed);
  });
  return confirmed.then(
    () => ({ yes: true, text: text() }),
    (error: Error) => ({ yes: false, text: text(), because: error.message }),
  );
};

describe('the question before a cluster is written to', () => {
  it('is answered by y alone, once it is there', async () => {
    expect(await asked('y\n')).toMatchObject({ yes: true, text: expect.stringContaining('This is written') });
    for (const no of ['\n', 'n\n', 'yep\n', '\u0003', '\u0004'])
      expect(await asked(no), JSON.stringify(no)).toMatchObject({ yes: false, because: 'nothing was written' });
    expect(await asked('\n', 'y\ny')).toMatchObject({ yes: false });
  });

  it('is not asked where nobody can answer, and not where the answer was given', async () => {
    const { input, streams } = terminal();
    await confirmWrite([], { yes: true, streams }, input);
    await expect(confirmWrite([], { yes: false, streams }, new PassThrough())).rejects.toThrow('--yes');
  });
});
