import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import module from 'node:module';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { asChild, type Envelope } from './parser-thread-entry.ts';

/**
 * A thread for what evaluates queries. Microsoft's parser takes a second to get ready; a process that starts from a
 * snapshot, made by the build with the parser in it, has it in a sixth of that. Only a process can start from a snapshot.
 * So where the snapshot fits this very Node it is a process, and else, or where the process does not come up, a worker.
 */
export interface ParserThread {
  post(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
  /** It ended by an error. `outOfMemory`: it needed more than it may. */
  onError(listener: (error: Error, outOfMemory: boolean) => void): void;
  onExit(listener: () => void): void;
  /** Does it keep the program alive? */
  ref(): void;
  unref(): void;
  end(): void;
}

export interface ParserThreadOptions {
  /** What the thread begins with (`threadData`). */
  data: unknown;
  heapMegabytes?: number;
  /** The snapshot that it starts from: `simulator` has the simulator in it and runs that, whatever the module. */
  snapshot?: 'parser' | 'simulator';
  /** Options of Node's for a process that starts from it. */
  nodeOptions?: readonly string[];
}

/** Identifies the binary of a snapshot: another binary may be of the same version and yet not the same program. */
export function snapshotKey(node: string): string {
  return [process.version, process.platform, process.arch, statSync(node).size].join(' ');
}

/** A snapshot beside the bundle, when it is of this very Node; null otherwise. */
function fittingSnapshot(name: string): string | null {
  for (const place of ['./', '../']) {
    const at = (file: string) => fileURLToPath(new URL(`${place}snapshots/${file}`, import.meta.url));
    const blob = at(`${name}.blob`);
    try {
      if (existsSync(blob) && readFileSync(at('node'), 'utf8') === snapshotKey(process.execPath)) return blob;
    } catch {
      // An unreadable snapshot counts as absent.
    }
  }
  return null;
}

type Listeners = {
  message: (message: unknown) => void;
  error: (error: Error, outOfMemory: boolean) => void;
  exit: () => void;
};

class Thread implements ParserThread {
  readonly #entry: URL;
  readonly #options: ParserThreadOptions;
  readonly #on: { [K in keyof Listeners]: Listeners[K][] } = { message: [], error: [], exit: [] };
  /** Messages from before the process reported that it runs: a worker may have to answer them instead. */
  #unsent: unknown[] = [];
  #ready = false;
  #ended = false;
  #referenced = true;
  #child: ChildProcess | undefined;
  #worker: Worker | undefined;

  constructor(entry: URL, options: ParserThreadOptions) {
    this.#entry = entry;
    this.#options = options;
    const blob = fittingSnapshot(options.snapshot ?? 'parser');
    if (blob === null) this.#startWorker();
    else this.#startProcess(blob);
  }

  post(message: unknown): void {
    if (!this.#ready) this.#unsent.push(message);
    else if (this.#child) this.#child.send({ kind: 'message', message } satisfies Envelope);
    else this.#worker?.postMessage(message);
  }

  onMessage(listener: Listeners['message']): void {
    this.#on.message.push(listener);
  }

  onError(listener: Listeners['error']): void {
    this.#on.error.push(listener);
  }

  onExit(listener: Listeners['exit']): void {
    this.#on.exit.push(listener);
  }

  ref(): void {
    this.#referenced = true;
    this.#child?.ref();
    this.#child?.channel?.ref();
    this.#worker?.ref();
  }

  unref(): void {
    this.#referenced = false;
    this.#child?.unref();
    this.#child?.channel?.unref();
    this.#worker?.unref();
  }

  end(): void {
    this.#ended = true;
    this.#child?.kill('SIGKILL');
    void this.#worker?.terminate();
  }

  #startProcess(blob: string): void {
    const { heapMegabytes, data, nodeOptions = [] } = this.#options;
    const heap = heapMegabytes === undefined ? [] : [`--max-old-space-size=${heapMegabytes}`];
    const cache = module.getCompileCacheDir?.();
    const child = spawn(
      process.execPath,
      [...heap, ...nodeOptions, '--snapshot-blob', blob, fileURLToPath(this.#entry)],
      {
        // V8's own message about lack of memory is replaced by one that names the cause.
        stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
        serialization: 'advanced',
        env: { ...process.env, [asChild]: '1', ...(cache ? { NODE_COMPILE_CACHE: cache } : {}) },
      },
    );
    this.#child = child;
    child.on('message', (envelope: Envelope) => {
      if (envelope.kind === 'ready') this.#sendUnsent();
      if (envelope.kind === 'message') for (const listener of this.#on.message) listener(envelope.message);
    });
    let over = false;
    const gone = (code: number | null, signal: NodeJS.Signals | null) => {
      if (over) return;
      over = true;
      if (!this.#ready && !this.#ended) {
        this.#child = undefined;
        this.#startWorker();
        if (!this.#referenced) this.unref();
        return;
      }
      const aborted = signal === 'SIGABRT' || code === 134;
      if (!this.#ended && code !== 0)
        for (const listener of this.#on.error) listener(new Error(`it ended with ${signal ?? code}`), aborted);
      for (const listener of this.#on.exit) listener();
    };
    child.on('error', () => gone(1, null));
    child.on('exit', gone);
    child.send({ kind: 'data', data } satisfies Envelope, () => {
      // A process that does not come up is reported by its exit.
    });
  }

  #startWorker(): void {
    const { heapMegabytes, data } = this.#options;
    const worker = new Worker(this.#entry, {
      workerData: data,
      ...(heapMegabytes === undefined ? {} : { resourceLimits: { maxOldGenerationSizeMb: heapMegabytes } }),
    });
    this.#worker = worker;
    worker.on('message', (message: unknown) => {
      for (const listener of this.#on.message) listener(message);
    });
    worker.on('error', (error: NodeJS.ErrnoException) => {
      for (const listener of this.#on.error) listener(error, error.code === 'ERR_WORKER_OUT_OF_MEMORY');
    });
    worker.on('exit', () => {
      for (const listener of this.#on.exit) listener();
    });
    this.#sendUnsent();
  }

  #sendUnsent(): void {
    this.#ready = true;
    const waiting = this.#unsent;
    this.#unsent = [];
    for (const message of waiting) this.post(message);
  }
}

/** Starts a module, which uses `parserThread`, beside this program. */
export function startParserThread(entry: URL, options: ParserThreadOptions): ParserThread {
  return new Thread(entry, options);
}
