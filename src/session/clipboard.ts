import { Buffer } from 'node:buffer';
import type { Handlers } from './commands.ts';
import type { Holder } from './state-store.ts';

/** Puts text on the responder's clipboard. */
export interface Clipboard {
  /** "" when it was sent, else why not. */
  copy(text: string): string;
}

/** Terminals cut or ignore a longer sequence: 74,994 bytes of text are the most that xterm takes. */
const mostBytes = 74_994;

type Environment = { TMUX?: string | undefined; TERM?: string | undefined };

/**
 * The OSC 52 sequence that asks the terminal to put `text` on the clipboard, which also works through SSH. For tmux it is
 * sent twice: plainly, which tmux takes itself where `set-clipboard` is on, and wrapped for the terminal around it, which
 * gets it where `allow-passthrough` is on. Null when the text is too long.
 */
export function clipboardSequence(text: string, environment: Environment): string | null {
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length > mostBytes) return null;
  const sequence = `\u001b]52;c;${bytes.toString('base64')}\u0007`;
  if (environment.TMUX) return `${sequence}\u001bPtmux;${sequence.replaceAll('\u001b', '\u001b\u001b')}\u001b\\`;
  if (environment.TERM?.startsWith('screen')) return `\u001bP${sequence}\u001b\\`;
  return sequence;
}

/**
 * A clipboard behind the terminal that `write` writes to. Where the terminal may not take the
 * sequence (tmux's default setting, macOS' Terminal), `toProgram` gives the text to a program that reaches the clipboard.
 */
export function terminalClipboard(
  write: (sequence: string) => void,
  environment: Environment,
  toProgram: (text: string) => void = () => undefined,
): Clipboard {
  return {
    copy(text) {
      const sequence = clipboardSequence(text, environment);
      if (sequence === null) return 'It is too long for a terminal’s clipboard.';
      write(sequence);
      toProgram(text);
      return '';
    },
  };
}

/** Copies what the user asks for. */
export function clipboardCommands(holder: Holder, clipboard: Clipboard) {
  return {
    copy({ text, what }) {
      const because = clipboard.copy(text);
      if (because === '') holder.say(`Copied ${what}.`, 'good');
      else holder.say(`Not copied: ${because}`, 'bad');
    },
  } satisfies Partial<Handlers>;
}
