import { emitKeypressEvents } from 'node:readline';
import type { ReadStream, WriteStream } from 'node:tty';
import { count } from '../text/counts.ts';

interface Key {
  name?: string;
  ctrl?: boolean;
  sequence?: string;
}

/** The next key of a terminal in raw mode; undefined when its input ends. */
function nextKey(input: ReadStream): Promise<Key | undefined> {
  emitKeypressEvents(input);
  input.setRawMode(true);
  input.resume();
  return new Promise((resolve) => {
    const settle = (key: Key | undefined): void => {
      input.off('keypress', onKey);
      input.off('end', onEnd);
      input.setRawMode(false);
      input.pause();
      resolve(key);
    };
    const onKey = (_text: string, key: Key): void => settle(key);
    const onEnd = (): void => settle(undefined);
    input.on('keypress', onKey);
    input.on('end', onEnd);
  });
}

const isEnd = (key: Key | undefined): boolean =>
  key === undefined || key.name === 'q' || key.name === 'escape' || (key.ctrl === true && key.name === 'c');

/**
 * Prints text a screen at a time: Space or PageDown shows the next screen, Enter or Down one line more, G all of it, q or
 * Escape ends. What fits a screen is printed at once.
 */
export async function paged(text: string, input: ReadStream, output: WriteStream): Promise<void> {
  const lines = text.replace(/\n$/, '').split('\n');
  const screen = Math.max(3, output.rows - 2);
  let at = 0;
  let more = screen;
  for (;;) {
    output.write(`${lines.slice(at, at + more).join('\n')}\n`);
    at += more;
    if (at >= lines.length) return;
    output.write(
      `\u001b[7m ${count(at)} of ${count(lines.length)} lines · Space: next page · Enter: next line · G: all · q: end \u001b[0m`,
    );
    const key = await nextKey(input);
    output.write('\r\u001b[K');
    if (isEnd(key)) return;
    if (key?.sequence === 'G') more = lines.length;
    else more = key?.name === 'return' || key?.name === 'down' ? 1 : screen;
  }
}
