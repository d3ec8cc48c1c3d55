import { type Instance, render, useApp, useInput, usePaste } from 'ink';
import { useSyncExternalStore } from 'react';
import { type Session, ticks } from '../src/session/session.ts';
import { steady } from '../src/text/cells.ts';
import { attention } from './attention.ts';
import { type Frames, framesOf } from './frame.ts';
import { paste, press } from './keymap.ts';
import { keysOf } from './keys.ts';
import { askBackground, keysOnly, mouseOff, mouseOn } from './mouse.ts';
import { pointed } from './mouse-bindings.ts';
import { paintIn } from './paint.ts';
import { Screen } from './screen.tsx';
import { spokenLog } from './spoken.ts';
import { SpokenView } from './spoken-view.tsx';
import { isLight, type ThemeName, themeByEnvironment } from './theme.ts';

/** The frame that Ink was given last. */
interface LatestFrame {
  asks: string;
  suspend: ((work: () => Promise<void>) => Promise<unknown>) | null;
}

interface WorkbenchProps {
  session: Session;
  frames: Frames;
  latest: LatestFrame;
}

/** The root: draws the session's frames and hands it the keys. */
function Workbench({ session, frames, latest }: WorkbenchProps) {
  const frame = useSyncExternalStore(frames.subscribe, frames.current);
  useInput((input, key) => {
    if (key.eventType === 'release') return;
    for (const name of keysOf(input, key)) press(session, name);
  });
  usePaste((text) => paste(session, text));
  const { suspendTerminal } = useApp();
  latest.suspend = suspendTerminal;
  if (frame.defect !== null) throw frame.defect;
  // Frames are made one after another, and Ink writes the one that was made last.
  latest.asks = frame.asks;
  return <Screen frame={frame} />;
}

export interface WorkbenchStreams {
  session: Session;
  stdin: NodeJS.ReadStream;
  stdout: NodeJS.WriteStream;
  /** Where the last words go; `process.stderr` when not given. */
  stderr?: NodeJS.WritableStream;
  /** Is the alternate screen there already, with something on it to draw over? */
  entered?: boolean;
  /** Is given the way to lend the terminal to another program, and null when that ends. */
  lend?: (lent: ((work: () => Promise<void>) => Promise<void>) | null) => void;
  /** Is the mouse used? Then the terminal selects text only with Shift held. */
  mouse?: boolean;
  /** Lines that are appended instead of a screen, for screen readers. */
  screenReader?: boolean;
  /** `auto`: light or dark, as the terminal reports it. */
  theme?: ThemeName | 'auto';
}

const enterAlternateScreen = '\u001b[?1049h';
const clearFromTop = '\u001b[H\u001b[2J';
/** Between these a terminal that can shows nothing: what is drawn again does not flicker. */
const [beginUpdate, endUpdate] = ['\u001b[?2026h', '\u001b[?2026l'];

/**
 * Ink enters the alternate screen and then takes a while to its first frame. Where it has been entered before, what
 * is on it stays until that frame is written.
 */
function drawOver(stdout: NodeJS.WriteStream): void {
  const { write } = stdout;
  const own = Object.hasOwn(stdout, 'write');
  const over: typeof write = (chunk: unknown, ...rest: unknown[]) => {
    if (chunk === enterAlternateScreen) return true;
    const frame = typeof chunk === 'string' && chunk.includes('\n');
    if (!frame) return Reflect.apply(write, stdout, [chunk, ...rest]);
    if (own) stdout.write = write;
    else Reflect.deleteProperty(stdout, 'write');
    return Reflect.apply(write, stdout, [clearFromTop + chunk, ...rest]);
  };
  stdout.write = over;
}

const defaultSize = { columns: 80, rows: 24 };

/** Ticks with each full second while something on screen grows older; returns the way to stop that. */
function tickEachSecond(session: Session): () => void {
  let timer: NodeJS.Timeout | undefined;
  const schedule = () => {
    timer = setTimeout(
      () => {
        if (ticks(session.state())) session.dispatch({ type: 'tick' });
        schedule();
      },
      1000 - (Date.now() % 1000),
    );
  };
  schedule();
  return () => clearTimeout(timer);
}

/** Resolves when the process is asked to end; `stop` gives the signals back to Node. */
function endSignal(): { asked: Promise<string>; stop: () => void } {
  // SIGBREAK is Ctrl+Break, and SIGHUP the closed window, on Windows; elsewhere the former never comes.
  const signals = ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGBREAK'] as const;
  let interrupt: (signal: string) => void = () => undefined;
  const asked = new Promise<string>((resolve) => {
    interrupt = resolve;
  });
  const onSignal = (signal: string) => interrupt(signal);
  for (const signal of signals) process.on(signal, onSignal);
  return {
    asked,
    stop: () => {
      for (const signal of signals) process.off(signal, onSignal);
    },
  };
}

/** Follows the terminal's size, and draws everything again when it changes or when the user asks. */
class Resizes {
  readonly #session: Session;
  readonly #stdout: NodeJS.WriteStream;
  /** Draws everything, whatever is on the terminal now; null where lines are appended instead of a screen. */
  readonly #drawAnew: (() => void) | null;
  /** Resizes so far, and how many of them there were at the last signal. */
  #count = 0;
  #signalled = 0;
  #redraws: number;
  readonly #stopRedraws: () => void;

  constructor(session: Session, stdout: NodeJS.WriteStream, drawAnew: (() => void) | null) {
    this.#session = session;
    this.#stdout = stdout;
    this.#drawAnew = drawAnew;
    this.#redraws = session.state().redraws;
    this.#stopRedraws = session.subscribe(() => {
      const { redraws } = session.state();
      if (redraws === this.#redraws) return;
      this.#redraws = redraws;
      stdout.emit('resize');
      this.#signalled = this.#count;
    });
    this.#report();
  }

  start(): void {
    this.#stdout.prependListener('resize', this.#resized);
    this.#stdout.on('resize', this.#afterResize);
    process.on('SIGWINCH', this.#winched);
  }

  stop(): void {
    this.#stdout.off('resize', this.#resized);
    this.#stdout.off('resize', this.#afterResize);
    process.off('SIGWINCH', this.#winched);
    this.#stopRedraws();
  }

  #report(): void {
    const { columns, rows } = this.#stdout;
    this.#session.dispatch({
      type: 'resize',
      columns: columns || defaultSize.columns,
      // A Windows console scrolls when its last cell is written.
      rows: (rows || defaultSize.rows) - (process.platform === 'win32' ? 1 : 0),
    });
  }

  // The size is part of the frame, so that a resize is one frame. Ink draws after this, since it is notified of the resize too.
  #resized = (): void => {
    this.#count += 1;
    this.#report();
    this.#drawAnew?.();
  };

  #afterResize = (): void => {
    if (this.#drawAnew) this.#stdout.write(endUpdate);
  };

  // Node reports a resize only when the size has changed. Of one that was taken back before it looked, which leaves the
  // terminal torn as well, only the signal shows it.
  #winched = (): void => {
    if (this.#count === this.#signalled) this.#stdout.emit('resize');
    this.#signalled = this.#count;
  };
}

/** The session on one terminal: what draws it, and what the terminal is asked for. */
class Terminal {
  readonly #streams: WorkbenchStreams;
  readonly #mouse: boolean;
  readonly #frames: ReturnType<typeof framesOf>;
  readonly #input: NodeJS.ReadStream;
  readonly #log: ReturnType<typeof spokenLog> | null;
  readonly #latest: LatestFrame = { asks: '', suspend: null };
  readonly #resizes: Resizes;
  readonly #stopBell: () => void;
  #instance: Instance | null = null;

  constructor(streams: WorkbenchStreams) {
    const { session, stdout, screenReader = false, mouse = true } = streams;
    this.#streams = streams;
    this.#mouse = mouse && !screenReader;
    this.#resizes = new Resizes(session, stdout, screenReader ? null : () => this.#drawAnew());
    this.#frames = framesOf(session);
    this.#log = screenReader ? spokenLog(session) : null;
    this.#input = this.#keys();
    this.#stopBell = attention(session, (text) => stdout.write(text));
  }

  /** Draws the first frame and follows the terminal; resolves when Ink has ended. */
  start(): Promise<unknown> {
    const { stdin, stdout, entered = false, screenReader = false, theme = 'dark', lend } = this.#streams;
    if (!entered && !screenReader) {
      // Keys that are typed ahead must not be echoed onto the screen, and the first frame begins in its first row.
      stdin.setRawMode?.(true);
      stdout.write(enterAlternateScreen + clearFromTop);
    }
    if (!screenReader) drawOver(stdout);
    this.#paint(theme === 'auto' ? themeByEnvironment(process.env.COLORFGBG) : theme);
    if (this.#mouse) stdout.write(mouseOn);
    if (theme === 'auto' && !screenReader) stdout.write(askBackground);
    const instance = render(this.#element(), {
      stdin: this.#input,
      stdout,
      alternateScreen: !screenReader,
      isScreenReaderEnabled: screenReader,
      incrementalRendering: true,
      exitOnCtrlC: false,
      patchConsole: false,
      interactive: true,
      onRender: () => this.#frameWritten(),
    });
    this.#instance = instance;
    lend?.((work) => this.#lent(work));
    this.#resizes.start();
    return instance.waitUntilExit();
  }

  /** Gives the terminal back. Rejects with the error that Ink ended with. */
  async stop(): Promise<void> {
    const { stdout, lend } = this.#streams;
    this.#resizes.stop();
    this.#stopBell();
    lend?.(null);
    this.#frames.stop();
    this.#log?.stop();
    if (this.#mouse) stdout.write(mouseOff);
    this.#instance?.unmount();
    await this.#instance?.waitUntilExit();
  }

  #element() {
    const { session } = this.#streams;
    return this.#log ? (
      <SpokenView session={session} log={this.#log} latest={this.#latest} />
    ) : (
      <Workbench session={session} frames={this.#frames} latest={this.#latest} />
    );
  }

  #paint(name: ThemeName): void {
    paintIn(name);
    this.#frames.refresh();
  }

  #keys(): NodeJS.ReadStream {
    const { session, stdin, theme } = this.#streams;
    return keysOnly(stdin, {
      mouse: (event) => pointed(session, event, this.#frames.firstRow()),
      background: (answer) => {
        const light = isLight(answer);
        if (theme === 'auto' && light !== null) this.#paint(light ? 'light' : 'dark');
      },
    });
  }

  /** A prompt counts as shown from when the terminal has its frame, not from when React has made it. */
  #frameWritten(): void {
    const { session, stdout } = this.#streams;
    const { asks } = this.#latest;
    if (asks !== '') stdout.write('', () => session.dispatch({ type: 'prompt-shown', key: asks }));
  }

  #drawAnew(): void {
    const { stdout } = this.#streams;
    this.#frames.refresh();
    stdout.write(beginUpdate);
    this.#instance?.clear();
    stdout.write(clearFromTop);
    this.#instance?.rerender(this.#element());
  }

  async #lent(work: () => Promise<void>): Promise<void> {
    const { stdout } = this.#streams;
    if (this.#mouse) stdout.write(mouseOff);
    await this.#latest.suspend?.(work);
    if (this.#mouse) stdout.write(mouseOn);
    stdout.emit('resize');
  }
}

/**
 * Draws the session on the alternate screen until the user leaves or the process is asked to end. Restores the
 * terminal in every case, closes the session (its transcripts are complete then) and names on stderr what still runs in
 * Azure. A defect while drawing rejects with its error, after the transcripts' paths were printed.
 */
export async function runWorkbench(streams: WorkbenchStreams): Promise<void> {
  const { session, stdin, stderr = process.stderr } = streams;
  const terminal = new Terminal(streams);
  const end = endSignal();
  let stopTicks: (() => void) | null = null;
  let failure: unknown = null;
  try {
    const drawing = terminal.start();
    session.start();
    stopTicks = tickEachSecond(session);
    await Promise.race([drawing, session.left, end.asked]);
  } catch (error) {
    failure = error;
  } finally {
    stopTicks?.();
    const words = session.lastWords();
    await terminal.stop().catch((error: unknown) => {
      failure ??= error;
    });
    stdin.setRawMode?.(false);
    // Closing can wait for a disk or a network: the terminal is already the user's own again.
    for (const one of words) stderr.write(`${one}\n`);
    await session.close();
    end.stop();
  }
  if (failure !== null) {
    const text = failure instanceof Error ? failure.message : String(failure);
    stderr.write(`cordon could not go on: ${steady(text, 1_000)}\n`);
    for (const path of session.transcripts()) stderr.write(`The case file is complete up to here: ${path}\n`);
    throw failure;
  }
}
