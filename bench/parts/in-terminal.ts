import { readFileSync } from 'node:fs';
import { spawn } from '@lydell/node-pty';
import xterm from '@xterm/headless';

const { Terminal } = xterm;

/** CPU of a process and its threads so far, in ms, from Linux's clock ticks of 10 ms; its largest memory in MB. */
export function usageOf(pid: number): { cpu: number; memory: number } {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return { cpu: (Number(fields[11]) + Number(fields[12])) * 10, memory: Number(peak ?? 0) / 1024 };
  } catch {
    return { cpu: Number.NaN, memory: Number.NaN };
  }
}

/** A program in a pty whose screen is watched. */
export class InTerminal {
  readonly began = performance.now();
  bytes = 0;
  readonly #screen: InstanceType<typeof Terminal>;
  readonly #pty: ReturnType<typeof spawn>;
  readonly #watchers = new Set<() => void>();
  readonly exited: Promise<void>;
  #ended = false;

  constructor(command: string, parameters: readonly string[], size = { columns: 120, rows: 40 }) {
    const { columns, rows } = size;
    this.#screen = new Terminal({ cols: columns, rows, allowProposedApi: true });
    const env = { ...process.env, TERM: 'xterm-256color', FORCE_COLOR: '1' };
    this.#pty = spawn(command, [...parameters], { name: 'xterm-256color', cols: columns, rows, env });
    this.#pty.onData((data) => {
      this.bytes += Buffer.byteLength(data);
      this.#screen.write(data, () => {
        for (const watcher of [...this.#watchers]) watcher();
      });
    });
    this.exited = new Promise((resolve) => {
      this.#pty.onExit(() => {
        this.#ended = true;
        resolve();
        for (const watcher of [...this.#watchers]) watcher();
      });
    });
  }

  get pid(): number {
    return this.#pty.pid;
  }

  screen(): string {
    const { active } = this.#screen.buffer;
    const rows = Array.from({ length: this.#screen.rows }, (_, at) =>
      active.getLine(active.viewportY + at)?.translateToString(true),
    );
    return rows.join('\n');
  }

  /** When the screen fulfils the condition, in ms since the program was started. Rejects after two minutes. */
  when(fulfilled: (screen: string) => boolean): Promise<number> {
    return new Promise((resolve, reject) => {
      const stop = () => {
        clearTimeout(timer);
        this.#watchers.delete(look);
      };
      const look = () => {
        if (fulfilled(this.screen())) {
          stop();
          resolve(performance.now() - this.began);
        } else if (this.#ended) {
          stop();
          reject(new Error(`the program ended:\n${this.screen()}`));
        }
      };
      const timer = setTimeout(() => {
        stop();
        reject(new Error(`not on the screen after two minutes:\n${this.screen()}`));
      }, 120_000);
      this.#watchers.add(look);
      look();
    });
  }

  type(keys: string): void {
    this.#pty.write(keys);
  }

  async end(): Promise<void> {
    if (!this.#ended) this.#pty.kill('SIGKILL');
    await this.exited;
  }
}

/** Does the row of counts end in the age of a list that is complete? */
export const listComplete = (screen: string): boolean => /^ [\d,]+ VMs?\b.* \d+[smh] *$/m.test(screen);
