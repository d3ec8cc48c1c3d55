import { appendFileSync } from 'node:fs';
import { redactText } from '../casefile/redaction.ts';
import { exitCode, Failure } from '../failure.ts';
import { printable } from '../text/printable.ts';

/** What libraries print meanwhile goes to a file, or nowhere: never over the screen. */
export interface ScreenGuard {
  /** Where cordon's own words go. */
  stderr: { write(text: string): boolean };
  end(): void;
}

/** The longest line of a debug file, in UTF-16 units. */
const longestLine = 20_000;

/** Appends to the file of `--debug`, without what is secret. Throws a Failure when it cannot be written. */
export function debugFile(path: string): (text: string) => void {
  try {
    appendFileSync(path, '', { mode: 0o600 });
  } catch (error) {
    const code = typeof error === 'object' && error !== null ? String(Reflect.get(error, 'code')) : '';
    throw new Failure(`--debug ${printable(path, 256)}: ${code || 'it cannot be written'}`, exitCode.usage, {
      cause: error,
    });
  }
  return (text) => {
    const lines = text.split('\n').filter((line) => line.trim() !== '');
    const stamped = lines.map((line) => `${new Date().toISOString()} ${printable(redactText(line), longestLine)}\n`);
    try {
      appendFileSync(path, stamped.join(''));
    } catch {
      // A full disk must not end the work for the sake of its log.
    }
  };
}

/**
 * Keeps what libraries write to stderr and the console (the Azure SDK's log, warnings of Node) off the terminal, and hands
 * it to `debug`. With `only`, texts that it does not match pass.
 */
export function guardScreen(debug: ((text: string) => void) | null, only?: RegExp): ScreenGuard {
  const { stderr } = process;
  const write = stderr.write.bind(stderr);
  const guarded: typeof stderr.write = (chunk: unknown, ...rest: unknown[]) => {
    const text = String(chunk);
    if (only && !only.test(text)) return Reflect.apply(write, stderr, [chunk, ...rest]);
    debug?.(text);
    const done = rest.find((one) => typeof one === 'function');
    if (typeof done === 'function') done();
    return true;
  };
  stderr.write = guarded;
  const { log, info, debug: told, warn, error } = console;
  const quiet = (...parts: unknown[]) => debug?.(parts.map(String).join(' '));
  if (!only) Object.assign(console, { log: quiet, info: quiet, debug: quiet, warn: quiet, error: quiet });
  return {
    stderr: { write: (text) => write(text) },
    end() {
      stderr.write = write;
      Object.assign(console, { log, info, debug: told, warn, error });
    },
  };
}

/** What the Azure SDK logs begins so. */
export const sdkLine = /^azure:/;
