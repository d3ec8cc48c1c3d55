import type { QueryProgress } from '../evidence/reading.ts';
import { progressBar } from '../text/counts.ts';
import { stopwatch } from '../text/times.ts';
import type { Streams } from './options.ts';

/** How far the reading of files is after some seconds: `reading ████░░ 40 % of 10.2 GB · 210 MB/s · 0:29 left`. */
export function readingLine({ bytes, of }: QueryProgress, seconds: number): string {
  const rate = bytes / Math.max(seconds, 0.001);
  const left = rate > 0 && seconds >= 1 ? ` · ${stopwatch((of - bytes) / rate)} left` : '';
  const size = of < 1e9 ? `${Math.round(of / 1e6)} MB` : `${(of / 1e9).toFixed(1)} GB`;
  const share = `${Math.floor((bytes / of) * 100)} % of ${size}`;
  return `  reading ${progressBar(bytes / of, 20)} ${share} · ${Math.round(rate / 1e6)} MB/s${left}`;
}

/** How far the files are read, on one line of a terminal that is cleared at the end. */
export class ReadingLine {
  readonly #stderr: Streams['stderr'];
  #drawn = false;
  readonly #began = performance.now();

  constructor({ stderr }: Streams) {
    this.#stderr = stderr;
  }

  draw(progress: QueryProgress): void {
    if (!this.#stderr.isTTY || progress.of < 32 * 1024 * 1024) return;
    const seconds = (performance.now() - this.#began) / 1000;
    this.#stderr.write(`\r${readingLine(progress, seconds)}\u001b[K`);
    this.#drawn = true;
  }

  clear(): void {
    if (this.#drawn) this.#stderr.write('\r\u001b[K');
    this.#drawn = false;
  }
}
