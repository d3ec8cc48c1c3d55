import { type ChunkHeader, lastRecordNumber } from './chunk-header.ts';
import type { ChunkView } from './chunk-view.ts';
import type { Damage } from './damage.ts';
import type { FileHeader } from './file-header.ts';

/**
 * Compares what a file's header counts with what was read. A file that ends between two chunks is sound in every other
 * way; only its header shows that there was more. In a log that was copied live the header may lag behind the chunks,
 * but never run ahead of them.
 */
export class DeclaredTotals {
  readonly #header: FileHeader;
  #chunks = 0;
  #lastRecord = 0;
  #lost = 0;

  constructor(header: FileHeader) {
    this.#header = header;
  }

  /** Counts a chunk that has something in it. */
  add(chunk: ChunkView, header: ChunkHeader): void {
    this.#chunks += 1;
    if (header.verified) this.#lastRecord = Math.max(this.#lastRecord, lastRecordNumber(chunk));
  }

  /** Counts several such chunks, of which the checksums match, with the number of their last record. */
  addAll(chunks: number, lastRecord: number): void {
    this.#chunks += chunks;
    this.#lastRecord = Math.max(this.#lastRecord, lastRecord);
  }

  /** Counts chunks whose loss was reported. */
  lost(chunks: number): void {
    this.#lost += chunks;
  }

  /**
   * What is missing, reported at `offset`, the end of the file; null when all that the header counts was there.
   * `damaged`: damage was reported already, which explains that records are missing inside of chunks.
   */
  shortfall(offset: number, damaged: boolean): Damage | null {
    const { recognised, sound, dirty, chunks, nextRecord } = this.#header;
    if (!recognised || !sound) return null;
    const records = `${this.#lastRecord} of the ${nextRecord - 1} records`;
    if (this.#chunks + this.#lost < chunks) {
      const counted = dirty || this.#lastRecord + 1 >= nextRecord ? '' : ` (${records})`;
      return { offset, because: `${this.#chunks} of the ${chunks} chunks that its header counts are there${counted}` };
    }
    // Past 65,535 chunks the header's count has come round, and only the record numbers show it.
    if (!damaged && !dirty && this.#lastRecord > 0 && this.#lastRecord + 1 < nextRecord)
      return { offset, because: `its records end at ${records} that its header counts` };
    return null;
  }
}
