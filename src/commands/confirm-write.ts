import { createInterface } from 'node:readline/promises';
import { exitCode, Failure } from '../failure.ts';
import { printable } from '../text/printable.ts';
import type { Streams } from './options.ts';

/**
 * Says what is about to be written, and goes on where that is confirmed: by `--yes`, or by y in a terminal. Throws Failure
 * where it is not.
 */
export async function confirmWrite(
  lines: readonly string[],
  { yes, streams, signal }: { yes: boolean; streams: Streams; signal?: AbortSignal | undefined },
): Promise<void> {
  for (const line of lines) streams.stderr.write(`${printable(line, 400)}\n`);
  if (yes) return;
  if (!streams.stderr.isTTY || !process.stdin.isTTY) throw new Failure('nothing was written: confirm it by --yes');
  const reader = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await reader.question('Write it? y/N ', signal ? { signal } : {});
    if (!/^y(?:es)?$/i.test(answer.trim())) throw new Failure('nothing was written', exitCode.usage);
  } finally {
    reader.close();
  }
}
