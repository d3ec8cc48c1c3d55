import { spawn } from '@lydell/node-pty';
import xterm from '@xterm/headless';

const { Terminal } = xterm;

export interface TerminalOptions {
  columns?: number;
  rows?: number;
  cwd?: string;
  /** Added to the environment; undefined removes. */
  env?: Record<string, string | undefined>;
}

/** Cells next to one another that look alike. */
export interface StyledRun {
  /** The place of the first of them, from 0. */
  column: number;
  text: string;
  /** A number of the palette, "#rrggbb", or null for the terminal's own. */
  foreground: number | string | null;
  background: number | string | null;
  bold: boolean;
  dim: boolean;
  inverse: boolean;
}

/** Around a frame (DEC private mode 2026, synchronized output). */
const updateBegins = '\u001b[?2026h';
const updateEnds = '\u001b[?2026l';

type Look = Omit<StyledRun, 'column' | 'text'>;

function colourOf(isDefault: boolean, isRgb: boolean, value: number): Look['foreground'] {
  if (isDefault) return null;
  return isRgb ? `#${value.toString(16).padStart(6, '0')}` : value;
}

const sameLook = (one: Look, other: Look) =>
  one.foreground === other.foreground &&
  one.background === other.background &&
  one.bold === other.bold &&
  one.dim === other.dim &&
  one.inverse === other.inverse;

/** A program in a real pty with a screen to look at. Tests wait for what the screen shows, never for time. */
export class TerminalProgram {
  /** Everything that the program wrote. */
  raw = '';
  /** The same in portions, each with the seconds since the start: an asciicast. */
  readonly heard: [seconds: number, data: string][] = [];
  private readonly begun = performance.now();
  readonly exited: Promise<{ exitCode: number; signal?: number | undefined }>;
  private readonly screen: InstanceType<typeof Terminal>;
  private readonly pty: ReturnType<typeof spawn>;
  private readonly watchers = new Set<() => void>();
  private gone = false;
  /** Is no part of a frame still to come? */
  private whole = true;

  constructor(command: string, parameters: string[], options: TerminalOptions = {}) {
    const { columns = 120, rows = 40, cwd = process.cwd() } = options;
    const environment: Record<string, string> = {};
    const wanted = { ...process.env, TERM: 'xterm-256color', ...options.env };
    for (const [name, value] of Object.entries(wanted)) if (value !== undefined) environment[name] = value;
    this.screen = new Terminal({ cols: columns, rows, allowProposedApi: true, scrollback: 1_000 });
    this.pty = spawn(command, parameters, { name: 'xterm-256color', cols: columns, rows, cwd, env: environment });
    this.pty.onData((data) => {
      this.raw += data;
      this.heard.push([(performance.now() - this.begun) / 1000, data]);
      // A terminal shows a frame when all of it has come: what was read of the pty may end within one.
      const whole = this.raw.lastIndexOf(updateBegins) <= this.raw.lastIndexOf(updateEnds);
      this.screen.write(data, () => {
        this.whole = whole;
        for (const watcher of [...this.watchers]) watcher();
      });
    });
    this.exited = new Promise((resolve) => {
      this.pty.onExit((how) => {
        // The screen draws behind the data: the program's last output must be on it before it is read.
        this.screen.write('', () => {
          this.gone = true;
          resolve(how);
          for (const watcher of [...this.watchers]) watcher();
        });
      });
    });
  }

  /** Sends keys in one write. */
  type(keys: string): void {
    this.pty.write(keys);
  }

  resize(columns: number, rows: number): void {
    this.screen.resize(columns, rows);
    this.pty.resize(columns, rows);
  }

  signal(name: string): void {
    this.pty.kill(name);
  }

  /** Is the alternate screen on? */
  get alternate(): boolean {
    return this.screen.buffer.active.type === 'alternate';
  }

  /** The rows on the screen, without blanks at their ends. */
  lines(): string[] {
    const buffer = this.screen.buffer.active;
    return Array.from(
      { length: this.screen.rows },
      (_, at) => buffer.getLine(buffer.viewportY + at)?.translateToString(true) ?? '',
    );
  }

  /** The screen as runs of cells that look alike, row by row. */
  runs(): StyledRun[][] {
    const buffer = this.screen.buffer.active;
    return Array.from({ length: this.screen.rows }, (_, at) => {
      const line = buffer.getLine(buffer.viewportY + at);
      const row: StyledRun[] = [];
      for (let column = 0; line && column < this.screen.cols; column += 1) {
        const cell = line.getCell(column);
        if (!cell || cell.getWidth() === 0) continue;
        const look = {
          foreground: colourOf(cell.isFgDefault(), cell.isFgRGB(), cell.getFgColor()),
          background: colourOf(cell.isBgDefault(), cell.isBgRGB(), cell.getBgColor()),
          bold: cell.isBold() !== 0,
          dim: cell.isDim() !== 0,
          inverse: cell.isInverse() !== 0,
        };
        const last = row.at(-1);
        const text = cell.getChars() || ' ';
        if (last && sameLook(last, look)) last.text += text;
        else row.push({ column, text, ...look });
      }
      return row;
    });
  }

  /** Resolves to the screen as soon as it holds the text or fulfils the condition; rejects with the screen otherwise. */
  until(wanted: string | RegExp | ((screen: string) => boolean), milliseconds = 15_000): Promise<string> {
    const fulfilled = (screen: string) =>
      typeof wanted === 'string'
        ? screen.includes(wanted)
        : wanted instanceof RegExp
          ? wanted.test(screen)
          : wanted(screen);
    return new Promise((resolve, reject) => {
      const look = () => {
        if (!this.whole && !this.gone) return;
        const screen = this.lines().join('\n');
        if (fulfilled(screen)) {
          stop();
          resolve(screen);
        } else if (this.gone) {
          stop();
          reject(new Error(`the program ended before the screen showed ${String(wanted)}\n${screen}`));
        }
      };
      const timer = setTimeout(() => {
        stop();
        reject(new Error(`not on the screen: ${String(wanted)}\n${this.lines().join('\n')}`));
      }, milliseconds);
      const stop = () => {
        clearTimeout(timer);
        this.watchers.delete(look);
      };
      this.watchers.add(look);
      look();
    });
  }

  /** Ends the program if it still runs. */
  end(): void {
    if (!this.gone) this.pty.kill('SIGKILL');
  }
}
