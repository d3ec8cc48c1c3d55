import { totalmem } from 'node:os';
import type { Frame, Vector } from '../kql/frame.ts';
import { KqlError } from '../kql/kqlerror.ts';
import type { Hold } from '../kql/rows.ts';
import type { Value } from '../kql/values.ts';
import { sizeText } from '../text/counts.ts';

/** The memory that a query may take by default: a quarter of the machine's, of a container's where it has less. */
export function defaultMemory(): number {
  const constrained = process.constrainedMemory();
  return Math.floor(Math.min(totalmem(), constrained > 0 ? constrained : totalmem()) / 4);
}

const FOR_ROWS = 0.6;

/** The rows that a query keeps in memory, within a budget. */
export class Memory {
  readonly #budget: number;
  readonly #kept = new Map<string, { rows: number; bytes: number }>();
  #bytes = 0;
  /** Of values that rows refer to: how many are counted already. */
  readonly #counted = new WeakMap<readonly Value[], number>();

  /** `memory` is all that the query may take; a part of it is for what is read and made meanwhile. */
  constructor(memory: number) {
    this.#budget = memory * FOR_ROWS;
  }

  /** Throws a KqlError of kind `limit` where what is kept, or is going to be, is more than the budget. */
  readonly hold: Hold = ({ frame, about, by }) => {
    if (about !== undefined && about > this.#budget) throw this.#tooMuch(by, about);
    if (!frame) return;
    const bytes = this.#bytesOf(frame);
    this.#bytes += bytes;
    const kept = this.#kept.get(by) ?? { rows: 0, bytes: 0 };
    this.#kept.set(by, { rows: kept.rows + frame.length, bytes: kept.bytes + bytes });
    if (this.#bytes > this.#budget) throw this.#tooMuch(by, undefined);
  };

  /** The rows that were kept, a line each; few are not worth a word. */
  notes(): string[] {
    return [...this.#kept].flatMap(([by, { rows, bytes }]) =>
      bytes < 64e6 ? [] : `${by} kept ${rows.toLocaleString('en-US')} rows in memory, about ${sizeText(bytes)}`,
    );
  }

  /** About how many bytes a frame takes in memory. */
  #bytesOf({ vectors, length }: Frame): number {
    return vectors.reduce((sum, vector) => sum + this.#vectorBytes(vector, length), 0);
  }

  #vectorBytes({ values, rows }: Vector, length: number): number {
    if (values.length === 0 || length === 0) return 0;
    if (!rows) return valueBytes(values, 0);
    const known = this.#counted.get(values) ?? 0;
    this.#counted.set(values, values.length);
    return 4 * length + valueBytes(values, known);
  }

  #tooMuch(by: string, about: number | undefined): KqlError {
    const needs = about === undefined ? 'more' : `about ${sizeText(about)}, more`;
    return new KqlError(
      'limit',
      `${by} needs all of its rows at once: ${needs} than the ${sizeText(this.#budget)} that it may keep. ` +
        'Filter before (where), name the columns that are needed (project), take the first of an order (sort … | take N, top), ' +
        'summarize, put the larger side of a join first, or give --memory SIZE.',
      [],
    );
  }
}

/** About how many bytes the values from a place on take, by some of them. */
function valueBytes(values: readonly Value[], from: number): number {
  const count = values.length - from;
  let [bytes, looked] = [0, 0];
  for (let at = from; at < values.length; at += 1 + (count >> 6)) {
    const value = values[at];
    bytes += typeof value === 'string' ? 24 + value.length : typeof value === 'object' && value !== null ? 200 : 16;
    looked += 1;
  }
  return looked === 0 ? 0 : (bytes / looked) * count;
}
