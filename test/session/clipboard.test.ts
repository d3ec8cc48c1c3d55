import { describe, expect, test } from 'vitest';
import { clipboardSequence, terminalClipboard } from '../../src/session/clipboard.ts';

describe('clipboard', () => {
  test('asks the terminal by OSC 52', () => {
    expect(clipboardSequence('Grüße', {})).toBe(`\u001b]52;c;${Buffer.from('Grüße').toString('base64')}\u0007`);
  });

  test('is wrapped for tmux and screen', () => {
    // Plainly for tmux itself, and wrapped for the terminal around it.
    expect(clipboardSequence('a', { TMUX: '/tmp/x' })).toBe(
      '\u001b]52;c;YQ==\u0007\u001bPtmux;\u001b\u001b]52;c;YQ==\u0007\u001b\\',
    );
    expect(clipboardSequence('a', { TERM: 'screen-256color' })).toBe('\u001bP\u001b]52;c;YQ==\u0007\u001b\\');
  });

  test('gives the text to the program beside the terminal too, which decides whether there is one', () => {
    const given: string[] = [];
    const clipboard = terminalClipboard(
      () => undefined,
      {},
      (text) => given.push(text),
    );
    clipboard.copy('203.0.113.77');
    clipboard.copy('x'.repeat(80_000));
    expect(given).toEqual(['203.0.113.77']);
  });

  test('does not send what terminals cut', () => {
    const sent: string[] = [];
    const clipboard = terminalClipboard((sequence) => sent.push(sequence), {});
    expect(clipboard.copy('x'.repeat(80_000))).toMatch(/too long/);
    expect(sent).toEqual([]);
    expect(clipboard.copy('x')).toBe('');
    expect(sent).toHaveLength(1);
  });
});
