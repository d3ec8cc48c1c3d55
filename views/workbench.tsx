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

/**
 * Draws the session on the alternate screen until the user leaves or the process is asked to end. Restores the
 * terminal in every case, closes the session (its transcripts are complete then) and names on stderr what still runs in
 * Azure. A defect while drawing rejects with its error, after the transcripts' paths were printed.
 */
export async function runWorkbench({
  session,
  stdin,
  stdout,
  stderr = process.stderr,
  entered = false,
  mouse: mouseWanted = true,
  screenReader = false,
  theme = 'dark',
  lend,
}: WorkbenchStreams): Promise<void> {
  const mouse = mouseWanted && !screenReader;
  // A Windows console scrolls when its last cell is written.
  const size = () => ({
    columns: stdout.columns || defaultSize.columns,
    rows: (stdout.rows || defaultSize.rows) - (process.platform === 'win32' ? 1 : 0),
  });
  let instance: Instance | null = null;
  const latest: LatestFrame = { asks: '', suspend: null };
  // A prompt counts as shown from when the terminal has its frame, not from when React has made it.
  const frameWritten = () => {
    const { asks } = latest;
    if (asks !== '') stdout.write('', () => session.dispatch({ type: 'prompt-shown', key: asks }));
  };
  session.dispatch({ type: 'resize', ...size() });
  const frames = framesOf(session);
  const log = screenReader ? spokenLog(session) : null;
  const element = () =>
    log ? (
      <SpokenView session={session} log={log} latest={latest} />
    ) : (
      <Workbench session={session} frames={frames} latest={latest} />
    );
  /** Draws everything, whatever is on the terminal now. */
  const drawAnew = () => {
    if (screenReader) return;
    stdout.write(beginUpdate);
    instance?.clear();
    stdout.write(clearFromTop);
    instance?.rerender(element());
  };
  // The size is part of the frame, so that a resize is one frame. Ink draws after this, since it is notified of the resize too.
  let resizes = 0;
  const resized = () => {
    resizes += 1;
    session.dispatch({ type: 'resize', ...size() });
    frames.refresh();
    drawAnew();
  };
  const afterResize = () => {
    if (!screenReader) stdout.write(endUpdate);
  };
  // Node reports a resize only when the size has changed. Of one that was taken back before it looked, which leaves the
  // terminal torn as well, only the signal shows it.
  let told = 0;
  const winched = () => {
    if (resizes === told) stdout.emit('resize');
    told = resizes;
  };
  let redraws = session.state().redraws;
  const stopRedraws = session.subscribe(() => {
    if (session.state().redraws === redraws) return;
    redraws = session.state().redraws;
    stdout.emit('resize');
    told = resizes;
  });
  const draw = (name: ThemeName) => {
    paintIn(name);
    frames.refresh();
  };
  const input = keysOnly(stdin, {
    mouse: (event) => pointed(session, event, frames.firstRow()),
    background(answer) {
      const light = isLight(answer);
      if (theme === 'auto' && light !== null) draw(light ? 'light' : 'dark');
    },
  });
  const stopBell = attention(session, (text) => stdout.write(text));
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
  let interrupt: (signal: string) => void = () => undefined;
  const signalled = new Promise<string>((resolve) => {
    interrupt = resolve;
  });
  // SIGBREAK is Ctrl+Break, and SIGHUP the closed window, on Windows; elsewhere the former never comes.
  const signals = ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGBREAK'] as const;
  const onSignal = (signal: string) => interrupt(signal);
  for (const signal of signals) process.on(signal, onSignal);
  let failure: unknown = null;
  try {
    if (!entered && !screenReader) {
      // Keys that are typed ahead must not be echoed onto the screen, and the first frame begins in its first row.
      stdin.setRawMode?.(true);
      stdout.write(enterAlternateScreen + clearFromTop);
    }
    if (!screenReader) drawOver(stdout);
    draw(theme === 'auto' ? themeByEnvironment(process.env.COLORFGBG) : theme);
    if (mouse) stdout.write(mouseOn);
    if (theme === 'auto' && !screenReader) stdout.write(askBackground);
    instance = render(element(), {
      stdin: input,
      stdout,
      alternateScreen: !screenReader,
      isScreenReaderEnabled: screenReader,
      incrementalRendering: true,
      exitOnCtrlC: false,
      patchConsole: false,
      interactive: true,
      onRender: frameWritten,
    });
    lend?.(async (work) => {
      if (mouse) stdout.write(mouseOff);
      await latest.suspend?.(work);
      if (mouse) stdout.write(mouseOn);
      stdout.emit('resize');
    });
    stdout.prependListener('resize', resized);
    stdout.on('resize', afterResize);
    process.on('SIGWINCH', winched);
    session.start();
    schedule();
    await Promise.race([instance.waitUntilExit(), session.left, signalled]);
  } catch (error) {
    failure = error;
  } finally {
    clearTimeout(timer);
    stdout.off('resize', resized);
    stdout.off('resize', afterResize);
    process.off('SIGWINCH', winched);
    stopRedraws();
    stopBell();
    lend?.(null);
    frames.stop();
    log?.stop();
    if (mouse) stdout.write(mouseOff);
    const words = session.lastWords();
    try {
      instance?.unmount();
      await instance?.waitUntilExit();
    } catch (error) {
      failure ??= error;
    }
    stdin.setRawMode?.(false);
    // Closing can wait for a disk or a network: the terminal is already the user's own again.
    for (const one of words) stderr.write(`${one}\n`);
    await session.close();
    for (const signal of signals) process.off(signal, onSignal);
  }
  if (failure !== null) {
    const text = failure instanceof Error ? failure.message : String(failure);
    stderr.write(`cordon could not go on: ${steady(text, 1_000)}\n`);
    for (const path of session.transcripts()) stderr.write(`The case file is complete up to here: ${path}\n`);
    throw failure;
  }
}
