import { once } from 'node:events';
import { createInterface } from 'node:readline/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Failure } from '../failure.ts';
import { printable } from '../text/printable.ts';
import type { Streams } from './options.ts';

/** Turns of the event loop in which what was typed before arrives. */
const TURNS = 4;

/**
 * Says what is about to be written, and goes on where that is confirmed: by `--yes`, or by y in a terminal, typed after the
 * question was there. Throws Failure where it is not.
 */
export async function confirmWrite(
  lines: readonly string[],
  { yes, streams, signal }: { yes: boolean; streams: Streams; signal?: AbortSignal | undefined },
  input: NodeJS.ReadableStream & { isTTY?: boolean } = process.stdin,
): Promise<void> {
  for (const line of lines) streams.stderr.write(`${printable(line, 400)}\n`);
  if (yes) return;
  if (!streams.stderr.isTTY || !input.isTTY) throw new Failure('nothing was written: confirm it by --yes');
  const reader = createInterface({ input, output: streams.stderr, terminal: true });
  try {
    for (let turn = 0; turn < TURNS; turn++) await nextTurn();
    reader.write(null, { ctrl: true, name: 'u' });
    // Ctrl-C and Ctrl-D end the reader, with its question refused or left without an answer.
    const ended = once(reader, 'close').then(() => '');
    const question = reader.question('Write it? y/N ', signal ? { signal } : {}).catch(() => '');
    const answer = await Promise.race([question, ended]);
    signal?.throwIfAborted();
    if (!/^y(?:es)?$/i.test(answer.trim())) throw new Failure('nothing was written');
  } finally {
    reader.close();
  }
}
